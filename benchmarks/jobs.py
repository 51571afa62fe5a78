"""The jobs that the benchmarks run."""

import asyncio
import os
import time
from datetime import timedelta
from pathlib import Path

from jobs import Job


class NoOpJob(Job):
    """Does nothing."""

    queue = "bench"

    def perform(self, number: int) -> None:
        """Return at once."""


class ResultJob(Job):
    """Returns its argument, which is kept as long as the result of a task."""

    queue = "kept"
    keep_result_for = timedelta(days=1)

    def perform(self, number: int) -> int:
        """Return at once."""
        return number


class TextJob(Job):
    """Carries a text and does nothing with it."""

    queue = "bench"

    def perform(self, text: str) -> None:
        """Return at once."""


class SleepJob(Job):
    """Waits, as for a network."""

    queue = "bench"

    def perform(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)


class CoroutineJob(Job):
    """Waits as a coroutine."""

    queue = "bench"

    async def perform(self, seconds: float) -> None:
        """Sleep in the event loop."""
        await asyncio.sleep(seconds)


class StampJob(Job):
    """Writes how late it starts."""

    queue = "bench"

    def perform(self, path: str, due_at: float) -> None:
        """Append the seconds between the moment it was due and now."""
        late = time.time() - due_at
        with Path(path).open("a", buffering=1) as file:
            file.write(f"{late} {os.getpid()}\n")
