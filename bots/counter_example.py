"""How not to do it: one job that posts for all bots.

It posts in order and without idempotency keys.

What is wrong with it:

1. When Worf crashes the whole job fails, and its retry starts from the top. Picard and Riker post
   again, each time.
2. Locutus waits for Worf, although the two have nothing to do with each other.
3. Without a key, a post whose answer was lost is posted again, even if nobody crashed.

`jobs.py` does the same work well. Only its own button on the page starts this one.
"""

from bots.models import Bot
from bots.social import SocialTrouble
from bots.turns import give_up, post_again
from jobs import Job


class OneJobForAllBots(Job):
    """Post for all bots of a run, badly."""

    max_retries = 20  # enough repeated posts to make the point
    transient_errors = (SocialTrouble,)

    def perform(self, run_id: str) -> None:
        """Post for one bot after the other.

        The first to fail stops those behind it and repeats those before it.
        """
        self._run_id = run_id
        for bot in Bot:
            post_again(run_id, bot)

    def retry_in(self, attempt: int, error: BaseException) -> float:
        """Try again soon, for the demonstration."""
        return 4.0

    def on_exhausted(self, error: BaseException) -> None:
        """Tell the page that it waits in vain."""
        give_up(self._run_id, *Bot)
