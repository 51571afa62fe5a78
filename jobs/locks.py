"""Locks and limits for the code of jobs: `with jobs.lock("report"):` and `with jobs.limit("gateway", 3):`.

Each holder has a lease in Redis, which a thread of its process renews while it is held. A process that is killed leaves
nothing behind for longer than that lease. A process that is paused for longer loses the lock: `check()` tells, and the
`fence`, which grows with every holder, lets a database refuse the writes of one that came too late:
`UPDATE … SET fence = 7 WHERE fence < 7`. For rows of one database a row lock or a unique constraint is simpler; see
docs/locks.md.
"""

import asyncio
import functools
import logging
import os
import secrets
import threading
import time
from types import TracebackType
from typing import Self

from django.core.signals import setting_changed

from jobs.conf import get_settings
from jobs.errors import LimitExceeded, LockLost, LockNotAcquired, StoreUnavailable
from jobs.events import emit
from jobs.store import Slots, Store

#: Pause between attempts to take a slot, in seconds.
PAUSE = 0.05


def lock(name: str, *, wait: float = 0.0, lease: float | None = None) -> "Limit":
    """Return a context manager that only one can hold at a time; raise LockNotAcquired after waiting `wait` seconds."""
    return Limit(name, 1, wait=wait, lease=lease, refusal=LockNotAcquired)


def limit(name: str, slots: int, *, wait: float = 0.0, lease: float | None = None) -> "Limit":
    """Return a context manager that `slots` can hold at a time; raise LimitExceeded after waiting `wait` seconds."""
    return Limit(name, slots, wait=wait, lease=lease)


class Limit:
    """One use of a limit, in `with` or `async with`. `lease` is in seconds, by default that of the workers."""

    def __init__(
        self,
        name: str,
        slots: int,
        *,
        wait: float = 0.0,
        lease: float | None = None,
        refusal: type[LimitExceeded] = LimitExceeded,
    ) -> None:
        """Prepare it; nothing is taken yet."""
        if slots < 1:
            raise ValueError(f"A limit has at least one slot, not {slots}.")
        self.name = name
        self._slots_count = slots
        self._wait = wait
        self._lease = get_settings().lease if lease is None else lease
        self._refusal = refusal
        self._slots = Slots(_get_store(), name)
        self._token = f"{os.getpid()}:{secrets.token_hex(8)}"
        self._renewed_at = 0.0
        self._is_lost = False
        self._is_over = threading.Event()
        #: Grows with every holder of this limit; 0 while it is not held.
        self.fence = 0

    def check(self) -> None:
        """Raise LockLost if the lease ran out; ask before a step that must not be done by two. No round trip."""
        if self._is_lost or time.monotonic() - self._renewed_at >= self._lease:
            raise LockLost(f"The lease of {self.name!r} ran out while it was held; somebody else may hold it.")

    def __enter__(self) -> Self:
        """Take a slot. Raise LimitExceeded, LockNotAcquired or StoreUnavailable."""
        deadline = time.monotonic() + self._wait
        while not self._try():
            if time.monotonic() >= deadline:
                raise self._refusal(self.name, self._slots_count)
            time.sleep(PAUSE)
        return self

    async def __aenter__(self) -> Self:
        """Take a slot without blocking the event loop."""
        return await asyncio.to_thread(self.__enter__)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Give the slot back."""
        self._is_over.set()
        try:
            self._slots.release(self._token)
        except StoreUnavailable as away:
            emit(logging.WARNING, "lock.left_to_expire", {"name": self.name, "error": away})

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Give the slot back without blocking the event loop."""
        await asyncio.to_thread(self.__exit__, kind, error, tb)

    def _try(self) -> bool:
        self._renewed_at = time.monotonic()
        self.fence = self._slots.acquire(self._token, self._slots_count, self._lease)
        if self.fence:
            threading.Thread(target=self._renew, name=f"jobs-lock-{self.name}", daemon=True).start()
        return self.fence > 0

    def _renew(self) -> None:
        """Renew the lease three times in its life, until it is given back or has run out."""
        while not self._is_over.wait(self._lease / 3):
            asked_at = time.monotonic()
            try:
                is_good = self._slots.extend(self._token, self._lease)
            except StoreUnavailable:
                is_good = asked_at - self._renewed_at < self._lease
                asked_at = self._renewed_at
            if not is_good:
                self._is_lost = True
                emit(logging.ERROR, "lock.lost", {"name": self.name})
                return
            self._renewed_at = asked_at


@functools.cache
def _get_store() -> Store:
    settings = get_settings()
    return Store(settings.redis_url, settings.namespace, timeout=settings.enqueue_timeout)


def _forget(*, setting: str, **_: object) -> None:
    if setting == "JOBS":
        _get_store.cache_clear()


setting_changed.connect(_forget, dispatch_uid="jobs.locks")
