"""The hold of a limit: its slot and its lease.

One thread renews the leases of all holds of this process.
"""

import functools
import math
import os
import secrets
import threading
import weakref
from contextlib import suppress
from queue import Empty, SimpleQueue

from jobs.errors import LockLost
from jobs.events import LockLapsed, LockLeftToExpire, emit
from jobs.features.limits.desks import Desk
from jobs.shield import guard_here
from jobs.uptime import uptime


class Hold:
    """The slot that one `with` block holds: `with jobs.lock("report") as held:`.

    It belongs to the process that took it. A child that is forked meanwhile has a copy that does
    nothing.
    """

    def __init__(self, name: str, desk: Desk, lease: float) -> None:
        """Prepare it without taking anything."""
        #: Grows with every holder of this limit; 0 while the slot is not taken.
        self.fence = 0
        #: Whether Redis may have a slot for it: an answer is awaited, was lost, or was good.
        self.may_be_taken = False
        self._name = name
        self._desk = desk
        self._lease = lease
        self._pid = os.getpid()
        self._token = f"{self._pid}:{secrets.token_hex(8)}:{round(lease * 1000)}"
        self._is_over = False
        # The run with a time limit in which it is taken. A strike at the end of the block keeps
        # `__exit__` from running, and the process goes on.
        self._guard = guard_here()
        self._run = self._guard.number if self._guard else 0
        self._renewed_at = -math.inf
        self._renew_at = math.inf

    def check(self) -> None:
        """Raise LockLost if the lease ran out.

        Ask before a step that must not be done by two. It makes no round trip.
        """
        name = self._name
        if self._pid != os.getpid():
            raise LockLost(f"{name!r} is held by the process that forked this one; ask it there.")
        if uptime() - self._renewed_at >= self._lease:
            raise LockLost(f"The lease of {name!r} ran out; somebody else may hold it.")

    def take(self, slots: int) -> bool:
        """Try once to take one of so many slots.

        `Limit` calls it. Raise StoreUnavailable.
        """
        asked_at = uptime()
        self.may_be_taken = True
        self.fence = self._desk.acquire(self._token, slots, self._lease)
        self.may_be_taken = self.fence > 0
        if not self.may_be_taken:
            return False
        # A task may be cancelled at this moment. It ends the hold first and looks at `may_be_taken`
        # second: of the two of us, the one that comes later gives the slot back.
        if self._is_over:
            self.give_back()
            return False
        self._renewed_at, self._renew_at = asked_at, asked_at + self._lease / 3
        _get_renewals().put(weakref.ref(self))
        return True

    def end(self) -> None:
        """Renew it no more.

        Makes no round trip.
        """
        self._is_over = True

    def give_back(self) -> None:
        """Give the slot back, or leave it to expire where Redis is away."""
        if self._pid != os.getpid():
            return  # it is the parent's, and so are the locks in here
        self.end()
        if self.may_be_taken:
            try:
                self._desk.release(self._token)
            except Exception as error:  # noqa: BLE001  # the work under the lock is done
                emit(LockLeftToExpire(self._name, error))

    def keep_up(self) -> float | None:
        """Renew the lease if it is time to.

        Return the seconds until the next time, None when there is none.
        """
        now = uptime()
        if not self._is_over and self._is_left_behind():
            self.give_back()
        if not self._is_over and now >= self._renew_at:
            self._renew(now)
        return None if self._is_over else max(self._renew_at - uptime(), 0)

    def _is_left_behind(self) -> bool:
        """Whether the run that took it has ended."""
        return bool(self._guard and self._run and self._guard.number != self._run)

    def _renew(self, now: float) -> None:
        reason: Exception | None = None
        try:
            if self._desk.extend(self._token, self._lease):
                self._renewed_at, self._renew_at = now, now + self._lease / 3
                return
        except Exception as error:  # noqa: BLE001  # there may be time for another attempt
            if now - self._renewed_at < self._lease:
                self._renew_at = now + self._lease / 10
                return
            reason = error
        if not self._is_over:  # otherwise it was given back in between
            self._is_over, self._renewed_at = True, -math.inf
            emit(LockLapsed(self._name, reason))


@functools.cache
def _get_renewals() -> "SimpleQueue[weakref.ref[Hold]]":
    """Start the thread that renews all holds, and return its queue.

    New holds are put into the queue. A stop may strike whoever puts one in. An event or a condition
    could stay locked for ever then, and a queue does not.
    """
    new: SimpleQueue[weakref.ref[Hold]] = SimpleQueue()
    threading.Thread(target=_renew_all, args=[new], name="jobs-locks", daemon=True).start()
    return new


os.register_at_fork(after_in_child=_get_renewals.cache_clear)  # a thread does not survive a fork


def _renew_all(new: "SimpleQueue[weakref.ref[Hold]]") -> None:
    """Renew holds until they are over, or nobody refers to them any more."""
    holds: list[weakref.ref[Hold]] = []
    pause: float | None = None
    while True:
        with suppress(Empty):
            holds.append(new.get(timeout=pause))
        waits = [(hold, _keep_up(hold)) for hold in holds]
        holds = [hold for hold, seconds in waits if seconds is not None]
        pause = min((seconds for _, seconds in waits if seconds is not None), default=None)


def _keep_up(reference: "weakref.ref[Hold]") -> float | None:
    hold = reference()
    return hold.keep_up() if hold else None
