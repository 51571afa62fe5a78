"""Locks and limits for the code of jobs.

Used as `with jobs.lock("report"):` and `with jobs.limit("gateway", 3):`.

Each `with` block has a lease in Redis, which its process renews while the block lasts.
One thread renews all of them. A process that is killed leaves nothing behind for longer
than that lease.

A process that is paused for longer than the lease loses the lock. `check()` tells it.
The `fence` grows with every holder. With it a database can refuse the writes of a
holder that came too late:

    UPDATE … SET fence = 7 WHERE fence < 7

For rows of one database a row lock or a unique constraint is simpler: see
docs/locks.md.
"""

import asyncio
import threading
import time
from contextlib import suppress
from types import TracebackType

from jobs.conf import get_settings
from jobs.errors import LimitExceeded, LockNotAcquired
from jobs.features.limits.desks import switch
from jobs.features.limits.hold import Hold

#: Pause between attempts to take a slot, in seconds.
PAUSE = 0.05
#: Shortest lease, in seconds. It has to be renewed within its life.
SHORTEST_LEASE = 0.05
#: Longest lease, in seconds: a year. Redis refuses a lease of a hundred million years,
#: but only after it has noted the holder.
LONGEST_LEASE = 365 * 86_400


def lock(name: str, *, wait: float = 0.0, lease: float | None = None) -> "Limit":
    """Return a lock for `with` that only one can hold at a time.

    Entering it raises LockNotAcquired if it does not come free within `wait` seconds.
    """
    return Limit(name, 1, wait=wait, lease=lease, refusal=LockNotAcquired)


def limit(name: str, slots: int, *, wait: float = 0.0, lease: float | None = None) -> "Limit":
    """Return a limit for `with` that `slots` can hold at a time.

    Entering it raises LimitExceeded if no slot comes free within `wait` seconds.
    """
    return Limit(name, slots, wait=wait, lease=lease)


class Limit:
    """A limit for `with` or `async with`.

    It may be used once or many times, by one thread or many. Each use is a holder of
    its own. So a lock that is entered again inside of itself is refused, and a limit
    takes a second slot. `lease` is in seconds, by default that of the workers.
    """

    def __init__(
        self,
        name: str,
        slots: int,
        *,
        wait: float = 0.0,
        lease: float | None = None,
        refusal: type[LimitExceeded] = LimitExceeded,
    ) -> None:
        """Prepare it without taking anything."""
        if type(slots) is not int or slots < 1:
            raise ValueError(f"A limit has at least one slot, in whole numbers, not {slots}.")
        if lease is not None and not SHORTEST_LEASE <= lease <= LONGEST_LEASE:
            raise ValueError(
                f"A lease has {SHORTEST_LEASE} to {LONGEST_LEASE:,} seconds, not {lease}."
            )
        self.name = name
        self._slots = slots
        self._wait = wait
        self._lease = lease
        self._refusal = refusal
        #: Who entered, a thread or a task, and what it holds; the newest at the end.
        self._holds: list[tuple[object, Hold]] = []

    def __enter__(self) -> Hold:
        """Take a slot.

        Raise LimitExceeded, LockNotAcquired or StoreUnavailable.
        """
        deadline = time.monotonic() + self._wait
        hold = self._new_hold()
        entry = (_thread_or_task(), hold)
        try:
            while not hold.take(self._slots):
                self._check_time(deadline)
                time.sleep(PAUSE)
            self._holds.append(entry)
        except BaseException:  # a stop too, which may strike anywhere in here
            if entry in self._holds:
                self._holds.remove(entry)
            hold.give_back()
            raise
        return hold

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Give the slot back."""
        self._pop().give_back()

    async def __aenter__(self) -> Hold:
        """Take a slot without blocking the event loop.

        A task that is cancelled meanwhile leaves nothing locked.
        """
        deadline = time.monotonic() + self._wait
        loop = asyncio.get_running_loop()
        hold = self._new_hold()
        try:
            while not await loop.run_in_executor(None, hold.take, self._slots):
                self._check_time(deadline)
                await asyncio.sleep(PAUSE)
        except BaseException:
            hold.end()  # if an attempt is under way, its thread gives back what it takes
            if hold.may_be_taken:
                loop.run_in_executor(None, hold.give_back)
            raise
        self._holds.append((_thread_or_task(), hold))
        return hold

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Give the slot back without blocking the event loop.

        A task that is cancelled gives it back too.
        """
        hold = self._pop()
        hold.end()
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, hold.give_back))

    def _new_hold(self) -> Hold:
        lease = get_settings().lease if self._lease is None else self._lease
        return Hold(self.name, switch.current(self.name), lease)

    def _check_time(self, deadline: float) -> None:
        if time.monotonic() >= deadline:
            raise self._refusal(self.name, self._slots)

    def _pop(self) -> Hold:
        """Return the newest hold of this thread or task.

        Without one, return the only hold there is.
        """
        holds = self._holds[::-1]
        mine = [entry for entry in holds if entry[0] == _thread_or_task()] or holds
        if not mine or (mine is holds and len(holds) > 1):
            raise RuntimeError(f"{self.name!r} is not held by this thread or task.")
        self._holds.remove(mine[0])
        return mine[0][1]


def _thread_or_task() -> object:
    with suppress(RuntimeError):  # no event loop runs in this thread
        if task := asyncio.current_task():
            return task
    return threading.get_ident()
