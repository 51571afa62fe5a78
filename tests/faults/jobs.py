"""The jobs of the fault drills.

There is one for each way in which a job can end. Each notes its runs.
"""

import asyncio
import os
import time
from datetime import timedelta
from pathlib import Path

from benchmarks.chaos.runs import VARIABLE, noted
from jobs import Discard, Job, Snooze


class OnPurpose(Exception):
    """What jobs raise that are meant to fail."""


class QuickJob(Job):
    """Ends at once."""

    def perform(self, key: str) -> None:
        with noted(key, self.attempt):
            pass


class ResultJob(Job):
    """Has a result that is kept."""

    keep_result_for = timedelta(minutes=10)

    def perform(self, key: str) -> str:
        with noted(key, self.attempt):
            return f"result of {key}"


class FailOnceJob(Job):
    """Fails the first time, is tried again at once, and then takes a while."""

    def perform(self, key: str, seconds: float = 0.0) -> None:
        with noted(key, self.attempt):
            if self.attempt == 1:
                raise OnPurpose
            time.sleep(seconds)

    def retry_in(self, attempt: int, error: BaseException) -> float:
        return 0


class DoomedJob(Job):
    """Fails and dies."""

    max_retries = 0

    def perform(self, key: str) -> None:
        with noted(key, self.attempt):
            raise OnPurpose


class DiscardedJob(Job):
    """Is not wanted any more."""

    def perform(self, key: str) -> None:
        with noted(key, self.attempt):
            raise Discard


class SnoozedJob(Job):
    """Wants to run later the first time."""

    def perform(self, key: str) -> None:
        with noted(key, self.attempt):
            mark = Path(f"{os.environ[VARIABLE]}.{key}")
            if not mark.exists():
                mark.touch()
                raise Snooze(0.05)


class AsyncJob(Job):
    """Is a coroutine."""

    async def perform(self, key: str) -> None:
        with noted(key, self.attempt):
            await asyncio.sleep(0.01)


class PatientJob(Job):
    """Runs until its worker stops, and ends in time."""

    def perform(self, key: str) -> None:
        with noted(key, self.attempt):
            while not self.stopping:
                time.sleep(0.005)
            time.sleep(0.05)


class StubbornJob(Job):
    """Runs until it is interrupted."""

    def perform(self, key: str) -> None:
        with noted(key, self.attempt):
            while True:
                time.sleep(0.005)
