"""The jobs of the chaos drill. Each notes its runs."""

import asyncio
import time
from datetime import timedelta

from benchmarks.chaos.runs import noted
from jobs import Job


class OnPurpose(Exception):  # it is no mistake
    """What a job raises that is meant to fail."""


class QuickJob(Job):
    """Ends at once."""

    def perform(self, key: str) -> None:
        """Note the run."""
        with noted(key, self.attempt):
            pass


class HighJob(QuickJob):
    """Ends at once, and goes before others."""

    queue = "high"


class SlowJob(Job):
    """Works in small steps, so that it can be interrupted."""

    def perform(self, key: str, seconds: float) -> None:
        """Take so many seconds."""
        with noted(key, self.attempt):
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                time.sleep(0.01)


class ResultJob(Job):
    """Has a result that is kept."""

    keep_result_for = timedelta(hours=1)

    def perform(self, key: str) -> str:
        """Return the key."""
        with noted(key, self.attempt):
            return key


class FailOnceJob(Job):
    """Fails the first time, is tried again at once, and then takes a while."""

    def perform(self, key: str) -> None:
        """Fail or end."""
        with noted(key, self.attempt):
            if self.attempt == 1:
                raise OnPurpose
            time.sleep(0.1)

    def retry_in(self, attempt: int, error: BaseException) -> float:
        """Come back at once."""
        return 0.0


class AsyncJob(Job):
    """Is a coroutine."""

    async def perform(self, key: str, seconds: float) -> None:
        """Sleep in the event loop."""
        with noted(key, self.attempt):
            await asyncio.sleep(seconds)
