"""The bots' jobs: one parent that fans out to four children.

A child fails, waits and tries again alone. Any of them may run twice, after a crash or because
somebody enqueued it twice. A child whose post is noted returns at once. One whose note was lost
asks with the same idempotency key, and is told of the post that it made before.
"""

from django.db import transaction

from bots.bail_out import BailOutJob
from bots.counter_example import OneJobForAllBots
from bots.models import Bot
from bots.social import SocialRefusal, SocialTrouble
from bots.turns import give_up, post_once
from jobs import Job, Retry

__all__ = [
    "BailOutJob",
    "BotsJob",
    "LocutusJob",
    "OneJobForAllBots",
    "PicardJob",
    "RikerJob",
    "WorfJob",
]

#: Short, so that the page is fun to watch. A real job is kinder to a service in trouble and keeps
#: the default.
RETRY_SECONDS = 4.0


class BotsJob(Job):
    """Let every bot of a run post."""

    def perform(self, run_id: str) -> None:
        """Enqueue the bots' jobs, all with the commit or none.

        A bot that has posted already knows that itself.
        """
        with transaction.atomic():
            for job in (PicardJob, RikerJob, WorfJob, LocutusJob):
                job.enqueue(run_id)


class BotJob(Job):
    """What the bots have in common. Each of them is a subclass that performs."""

    # With waits this short the default of 25 is over before the page has been read.
    max_retries = 100
    transient_errors = (SocialTrouble,)

    def post_as(self, bot: Bot, run_id: str) -> None:
        """Post the bot's line in a run, once however often this is called."""
        self._turn = (run_id, bot)
        post_once(run_id, bot)

    def retry_in(self, attempt: int, error: BaseException) -> float | Retry:
        """Try again soon, for the demonstration.

        Never when the service says that the request is wrong.
        """
        return Retry.KILL if isinstance(error, SocialRefusal) else RETRY_SECONDS

    def on_exhausted(self, error: BaseException) -> None:
        """Tell the page that it waits in vain."""
        give_up(*self._turn)


class PicardJob(BotJob):
    """Post as Picard."""

    def perform(self, run_id: str) -> None:
        """Post once in this run."""
        self.post_as(Bot.PICARD, run_id)


class RikerJob(BotJob):
    """Post as Riker."""

    def perform(self, run_id: str) -> None:
        """Post once in this run."""
        self.post_as(Bot.RIKER, run_id)


class WorfJob(BotJob):
    """Post as Worf, who is easily upset."""

    def perform(self, run_id: str) -> None:
        """Post once in this run."""
        self.post_as(Bot.WORF, run_id)


class LocutusJob(BotJob):
    """Post as Locutus."""

    def perform(self, run_id: str) -> None:
        """Post once in this run."""
        self.post_as(Bot.LOCUTUS, run_id)
