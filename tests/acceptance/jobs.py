"""The jobs that the workers of the acceptance tests run.

Each notes in a file that it began or ended.
"""

import asyncio
import ctypes
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from jobs import Every, Job, Unique, limit, lock
from jobs.errors import JobInterrupted


def note(text: str) -> None:
    """Append a line.

    Appends of this size are atomic.
    """
    with Path(os.environ["TEST_NOTES"]).open("a") as notes:
        notes.write(text + "\n")


def is_gate_open() -> bool:
    """Whether the test lets jobs end."""
    return Path(os.environ["TEST_NOTES"] + ".gate").exists()


class NoteJob(Job):
    """Takes a while, then notes its number."""

    def perform(self, number: int, seconds: float = 0.01) -> None:
        time.sleep(seconds)
        note(str(number))


class TimedJob(Job):
    """Notes when it began, as epoch seconds."""

    def perform(self) -> None:
        note(f"{time.time():.6f}")


class UniqueJob(Job):
    """Takes a while, and notes the id of each run that ends."""

    unique = Unique(by=())

    def perform(self, asker: int) -> None:
        note(f"begin {self.job_id}")
        time.sleep(0.02)
        note(f"end {self.job_id}")


class RowJob(Job):
    """The same, and as many as there is room for."""

    def perform(self, row: int) -> None:
        time.sleep(0.02)
        note(f"end {self.job_id}")


class NewestJob(UniqueJob):
    """The same, and a new one replaces the one that waits."""

    unique = Unique(by=(), on_conflict="replace")


class SlowJob(Job):
    """Notes its beginning, works in Python for a while, and notes its end."""

    def perform(self, number: int, seconds: float) -> None:
        note(f"begin {number}")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.005)
        note(f"end {number}")


class GateJob(Job):
    """Works in Python until the test opens its gate."""

    def perform(self, number: int) -> None:
        note(f"begin {number}")
        while not is_gate_open():
            time.sleep(0.005)
        note(f"end {number}")


class GilJob(Job):
    """Holds the GIL in C code.

    No other thread of the process can do anything. When the gate is open, it does not hold the GIL.
    """

    def perform(self, number: int, seconds: int) -> None:
        note(f"begin {number}")
        if not is_gate_open():
            ctypes.PyDLL(None).sleep(seconds)
        note(f"end {number}")


class AloneJob(Job):
    """Notes when another of its kind runs at the same time.

    It may be in another process. The lock of a file goes with the process that holds it.
    """

    def perform(self, number: int, seconds: float) -> None:
        with alone(number):
            time.sleep(seconds)


class AsyncAloneJob(Job):
    """Does what `AloneJob` does as a coroutine."""

    async def perform(self, number: int, seconds: float) -> None:
        with alone(number):
            await asyncio.sleep(seconds)


@contextmanager
def alone(number: int) -> Iterator[None]:
    """Note the beginning and the end, and an overlap."""
    with Path(os.environ["TEST_NOTES"] + ".alone").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note(f"overlap {number}")
        note(f"alone begins {number}")
        yield
        note(f"alone {number}")


class RelayJob(Job):
    """Notes its queue, and enqueues the next job into another queue."""

    def perform(self, *queues: str) -> None:
        note(f"relay {self.queue}")
        if queues:
            RelayJob.using(queue=queues[0]).enqueue(*queues[1:])


class FailingJob(Job):
    """Fails, and is tried again much later."""

    def perform(self) -> None:
        raise ValueError("The shop is closed.")

    def retry_in(self, attempt: int, error: BaseException) -> float:
        return 3_600.0


class FatalJob(Job):
    """Kills its process."""

    def perform(self) -> None:
        note("fatal")
        os.kill(os.getpid(), signal.SIGKILL)


class LeavingJob(Job):
    """Ends its process with an exit code."""

    def perform(self, code: int) -> None:
        note("leaving")
        os._exit(code)


class AsyncSleepJob(Job):
    """Notes its beginning, and sleeps in the event loop."""

    async def perform(self, seconds: float) -> None:
        note("begin")
        await asyncio.sleep(seconds)


class InterruptibleJob(Job):
    """Works in Python until it is interrupted, and notes that."""

    def perform(self, number: int) -> None:
        note(f"begin {number}")
        try:
            while True:
                time.sleep(0.005)
        except JobInterrupted:
            note(f"interrupted {number}")
            raise


class FailLaterJob(Job):
    """Notes its beginning, and fails after a while."""

    def perform(self) -> None:
        note("begin")
        time.sleep(0.3)
        raise ValueError("on purpose")


class HoldingJob(Job):
    """Holds a lock for longer than its lease, and returns something."""

    keep_result_for = timedelta(seconds=60)

    def perform(self) -> str:
        with lock("acl", lease=0.3), limit("acl", 2):
            time.sleep(0.5)
        note("held")
        return "a result"


if "TEST_PERIODIC" in os.environ:

    class TickJob(Job):
        """Notes the moment that it is for, and how many before it were missed."""

        schedule = Every(timedelta(seconds=1), overlap="allow")

        def perform(self) -> None:
            note(f"tick {self.scheduled_at.timestamp():.0f} {self.missed}")


if "TEST_DATABASE" in os.environ:

    class AskedJob(Job):
        """Notes what somebody wanted it to say."""

        schedulable = True

        def perform(self, word: str) -> None:
            note(f"asked {word} {self.scheduled_at.timestamp():.0f}")
