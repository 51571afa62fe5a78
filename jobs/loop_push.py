"""Pushes a job from a coroutine, whose event loop does other things meanwhile.

Used by `enqueue`. Only the ordinary push goes this way. All else is left to the client, in a
thread: a cluster, a queue with a bound, a large payload, an answer that was lost.
"""

import asyncio
import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from asgiref.sync import sync_to_async

from jobs.client import Client, Portion, get_client
from jobs.errors import StoreUnavailable
from jobs.events import JobEnqueued, is_heard
from jobs.store import NewJob

#: The largest payload that goes this way, in bytes: sending it does not wait.
SMALL = 32_768
#: Most pushes that go this way at a time. Each has a connection.
MOST = 16


async def push_from_loop(queue: str, job: NewJob) -> None:
    """Push one job that has no claim and is not kept in the outbox.

    An answer that was lost makes a thread send it again, and it is done once. Raise what
    `Client.push` raises.
    """
    client, started = get_client(), time.monotonic()
    if not await _is_pushed(client, queue, job, started):
        spent = time.monotonic() - started
        push = sync_to_async(_push_in_thread, thread_sensitive=False)
        await push(client, queue, job, started, spent)


def _push_in_thread(client: Client, queue: str, job: NewJob, started: float, spent: float) -> None:
    """Push one job, and raise what `Client.push` raises.

    The wait for this thread is not `spent`: there may just be much to do. Where a push has failed
    meanwhile it is. Otherwise each would wait until those before it have waited in vain.
    """
    if _underway.failed_at > started:
        spent = time.monotonic() - started
    try:
        client.push([(queue, job)], spent=spent)
    except StoreUnavailable:
        _underway.failed_at = time.monotonic()
        raise


async def _is_pushed(client: Client, queue: str, job: NewJob, started: float) -> bool:
    """Push an ordinary job, and tell whether Redis took it."""
    is_ordinary = client.is_ready_for(queue) and len(job.payload) <= SMALL and _underway.has_room()
    if not is_ordinary or is_heard(JobEnqueued):  # who hears it may ask the database
        return False
    try:
        with _underway.counted():
            async with asyncio.timeout(client.timeout / 2):
                return await _exchange(client, {queue: [job]}, started)
    except (StoreUnavailable, TimeoutError, NotImplementedError):  # the last: of the event loop
        return False


async def _exchange(client: Client, portion: Portion, started: float) -> bool:
    underway = client.begin(portion) if await client.store.get_line_ready() else None
    if underway is None:
        return False
    try:
        await underway.arrived()
    except BaseException:
        underway.drop()
        raise
    return client.end(underway, portion, time.monotonic() - started)


class _Underway:
    """How many pushes event loops send just now, and when one failed."""

    def __init__(self) -> None:
        self._count = 0
        #: By the monotonic clock.
        self.failed_at = -math.inf

    def has_room(self) -> bool:
        return self._count < MOST

    @contextmanager
    def counted(self) -> Iterator[None]:
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1

    def forget(self) -> None:
        """Leave the pushes to the parent, in its forked child."""
        self._count = 0


_underway = _Underway()
os.register_at_fork(after_in_child=_underway.forget)
