"""Jobs that go beyond their limits of time and memory."""

import asyncio
import ctypes
import os
import time
from datetime import timedelta
from pathlib import Path

from asgiref.sync import sync_to_async

from jobs import Job
from tests.acceptance.jobs import is_gate_open, note

_kept: list[bytes] = []


class StuckJob(Job):
    """Hangs in C code for ever, unless the gate is open.

    It holds the GIL meanwhile, or not.
    """

    time_limit = timedelta(seconds=1)

    def perform(self, number: int, holds_gil: bool) -> None:  # noqa: FBT001  # no names in the test
        note(f"begin {number} {time.monotonic():.3f} {os.getpid()}")
        if not is_gate_open():
            hang_in_c_code(holds_gil=holds_gil)
        note(f"end {number}")

    def retry_in(self, attempt: int, error: BaseException) -> float:
        note(f"failed {attempt} {type(error).__name__}")
        return 3_600.0


def hang_in_c_code(*, holds_gil: bool) -> None:
    """Read from a pipe that nobody writes to."""
    library = ctypes.PyDLL(None) if holds_gil else ctypes.CDLL(None)
    reading, _writing = os.pipe()
    library.read(reading, ctypes.create_string_buffer(1), 1)


class StubbornCoroutine(Job):
    """Goes on whatever cancels it."""

    time_limit = timedelta(seconds=1)
    max_retries = 0

    async def perform(self, seconds: float) -> None:
        note(f"begin {time.monotonic():.3f}")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                await asyncio.sleep(seconds)
            except asyncio.CancelledError:
                note("cancelled")


class LeakingJob(Job):
    """Keeps two megabytes for ever, and notes the memory of its process."""

    def perform(self, number: int) -> None:
        _kept.append(os.urandom(2 * 1024 * 1024))
        time.sleep(0.02)
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        note(f"{number} {os.getpid()} {pages * os.sysconf('SC_PAGESIZE') // 1024**2}")


class StuckThreadCoroutine(Job):
    """Waits for the thread of Django's ORM.

    That hangs in C code unless the gate is open.
    """

    time_limit = timedelta(seconds=1)
    max_retries = 0

    async def perform(self, number: int) -> None:
        note(f"begin {number} {time.monotonic():.3f}")
        if not is_gate_open():
            await sync_to_async(hang_in_c_code)(holds_gil=False)
        note(f"end {number}")
