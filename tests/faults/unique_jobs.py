"""The unique jobs of the drill that kills their workers.

Each class has one key. What becomes of a run hangs on its number, so that each way to end happens
under each way to be unique.
"""

import asyncio
import time
from datetime import timedelta

from benchmarks.chaos.runs import noted
from jobs import Discard, Job, Snooze, Unique
from tests.faults.jobs import OnPurpose
from tests.faults.unique_modes import WINDOW_MS

_RUN_SECONDS = 0.03


class FatefulJob(Job):
    """Ends, fails once, dies, snoozes or is discarded, as its number says."""

    max_retries = 1

    def perform(self, number: int) -> None:
        with noted(f"{type(self).__name__}:{self.job_id}", self.attempt):
            time.sleep(_RUN_SECONDS)
            meet_fate(number, self.attempt)

    def retry_in(self, attempt: int, error: BaseException) -> float:
        return 0.02


def meet_fate(number: int, attempt: int) -> None:
    """Raise what the number of a job says."""
    if number % 5 == 0 and attempt == 1:
        raise OnPurpose
    if number % 7 == 0:
        raise OnPurpose
    if number % 11 == 0:
        raise Discard
    if number % 13 == 0 and time.time() % 1 < 0.5:  # not for ever
        raise Snooze(0.03)


class UntilDoneJob(FatefulJob):
    """One at a time, until it is done."""

    unique = Unique(by=())


class AsyncUntilDoneJob(Job):
    """The same, as a coroutine."""

    max_retries = 1
    unique = Unique(by=())

    async def perform(self, number: int) -> None:
        with noted(f"{type(self).__name__}:{self.job_id}", self.attempt):
            await asyncio.sleep(_RUN_SECONDS)
            meet_fate(number, self.attempt)

    def retry_in(self, attempt: int, error: BaseException) -> float:
        return 0.02


class KeyedJob(FatefulJob):
    """Is unique by a key that its caller chooses."""


class UntilStartJob(FatefulJob):
    """One waits."""

    unique = Unique(by=(), until="start")


class WindowJob(FatefulJob):
    """One in each window."""

    unique = Unique(by=(), until=timedelta(milliseconds=WINDOW_MS))


class NewestJob(FatefulJob):
    """A new one replaces the one that waits."""

    unique = Unique(by=(), on_conflict="replace")


class DebouncedJob(FatefulJob):
    """A new one puts off the one that waits."""

    unique = Unique(
        by=(),
        on_conflict="debounce",
        delay=timedelta(milliseconds=50),
        max_wait=timedelta(milliseconds=200),
    )
