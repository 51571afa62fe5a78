"""Keeps the slots of limits, in Redis or in a test's memory.

Used by `Limit` and set by `jobs.testing`.
"""

import threading
from collections.abc import Callable
from typing import Protocol

from jobs.client import get_client
from jobs.store import Slots
from jobs.uptime import uptime


class Desk(Protocol):
    """The slots of one limit. Tokens name holders, leases are seconds."""

    def acquire(self, token: str, slots: int, lease: float) -> int:
        """Take one of so many slots and return its fence.

        The fence is 0 when no slot is free.
        """

    def extend(self, token: str, lease: float) -> bool:
        """Extend a lease and return whether it was still good."""

    def release(self, token: str) -> None:
        """Give a slot back."""


class DeskSwitch:
    """Holds the function that finds the desk of a limit.

    There is one for the process: threads of a test's server must meet the same locks as the test.
    """

    def __init__(self) -> None:
        """Start with Redis."""
        self.current: Callable[[str], Desk] = in_redis


def in_redis(name: str) -> Desk:
    """Return the desk of a limit in Redis.

    Makes no round trip.
    """
    return Slots(get_client().store, name)


def in_memory() -> Callable[[str], Desk]:
    """Return a function that finds desks in this process, where nothing is taken yet."""
    desks: dict[str, Desk] = {}
    # `setdefault` is one step, so two threads that come first share a desk.
    return lambda name: desks.setdefault(f"{name}", MemorySlots())


class MemorySlots:
    """The slots of one limit in this process.

    They behave like those in Redis: leases run out, and fences grow.
    """

    def __init__(self) -> None:
        """Start with all slots free."""
        self._lock = threading.Lock()
        self._deadlines: dict[str, float] = {}
        self._fence = 0

    def acquire(self, token: str, slots: int, lease: float) -> int:
        """Take a slot and return its fence, 0 when no slot is free."""
        with self._lock:
            now = uptime()
            self._deadlines = {t: end for t, end in self._deadlines.items() if end > now}
            if token not in self._deadlines and len(self._deadlines) >= slots:
                return 0
            self._deadlines[token] = now + lease
            self._fence += 1
            return self._fence

    def extend(self, token: str, lease: float) -> bool:
        """Extend a lease and return whether it was still good."""
        with self._lock:
            now = uptime()
            is_good = self._deadlines.get(token, now) > now
            if is_good:
                self._deadlines[token] = now + lease
            return is_good

    def release(self, token: str) -> None:
        """Give a slot back."""
        with self._lock:
            self._deadlines.pop(token, None)


switch = DeskSwitch()
