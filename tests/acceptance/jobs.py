"""The jobs that the workers of the acceptance tests run. Each notes in a file that it began or ended."""

import asyncio
import ctypes
import os
import signal
import time
from pathlib import Path

from jobs import Job


def note(text: str) -> None:
    """Append a line; appends of this size are atomic."""
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
    """Holds the GIL in C code, so that no other thread of the process can do anything; not when the gate is open."""

    def perform(self, number: int, seconds: int) -> None:
        note(f"begin {number}")
        if not is_gate_open():
            ctypes.PyDLL(None).sleep(seconds)
        note(f"end {number}")


class FatalJob(Job):
    """Kills its process."""

    def perform(self) -> None:
        note("fatal")
        os.kill(os.getpid(), signal.SIGKILL)


class AsyncSleepJob(Job):
    """Notes its beginning, and sleeps in the event loop."""

    async def perform(self, seconds: float) -> None:
        note("begin")
        await asyncio.sleep(seconds)
