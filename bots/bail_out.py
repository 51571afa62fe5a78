"""Let one job post for all bots, and give up on any trouble.

Sometimes that is right: where a loss harms nobody, and coming late is worse than not coming. A
cache to warm is like that, a thumbnail that the next upload makes anew, a "good morning" at noon.

Then nobody should be woken, and nothing should be tried again: `Discard` ends the job and tells no
handler. Each bot still posts with its idempotency key, so that a killed worker repeats nothing. It
is wrong for whatever somebody waits for or has paid for: see `jobs.py`.
"""

from bots.models import Bot
from bots.social import SocialError
from bots.turns import give_up, post_once
from jobs import Discard, Job


class BailOutJob(Job):
    """Post for all bots of a run, until one fails."""

    def perform(self, run_id: str) -> None:
        """Post for one bot after the other.

        The first to fail ends it for good, for those behind it too.
        """
        for bot in Bot:
            try:
                post_once(run_id, bot)
            except SocialError as error:
                give_up(run_id, *Bot)
                raise Discard(f"{bot.label} could not post, and nobody will miss it.") from error
