"""Writes down what jobs tell of their progress.

The thread or coroutine of a job only leaves the newest on a slate. One thread of the process goes
round the slates, and writes each at most once a second. So a job may tell as often as it likes, and
never waits for Redis.
"""

import functools
import itertools
import os
import threading
import time
from contextlib import suppress
from heapq import heappop, heappush
from queue import Empty, SimpleQueue
from typing import Any

from jobs.abilities import Able, Taking, abilities
from jobs.client import get_client
from jobs.errors import StoreUnavailable
from jobs.events import ProgressNotWritten, emit
from jobs.progress import Progress
from jobs.store.bounded import time_limited
from jobs.store.notes import Notes

#: How long what was written stands, in seconds.
EVERY = 1.0
#: The longest that one write waits for Redis, in seconds.
LONGEST = 0.5


def tell(job: Able, done: float, total: float | None, note: str) -> None:
    """Take note of how far a job has got.

    Where no worker runs it, only look at the arguments. Raise InvalidArguments.
    """
    told = Progress.told(done, total, note)
    if job.taking is None:
        return
    # Each step is one of the interpreter's, so that threads of the job share one slate.
    words: dict[str, Any] = job.last_words or vars(job).setdefault("last_words", {})
    slate = words.get("progress") or words.setdefault("progress", Slate(job.taking))
    slate.tell(told)


abilities.progress = tell


class Slate:
    """The newest that one run of a job told.

    Redis gets it when its turn comes.
    """

    def __init__(self, taking: Taking) -> None:
        """Take the taking, in whose name Redis is told."""
        self._taking = taking
        self._newest: Progress | None = None
        #: What Redis has. The newest is never cleared: somebody may tell at that moment.
        self._written: Progress | None = None
        self._is_listed = False
        self._is_over = False
        self._has_complained = False
        #: When it may be written next, by the monotonic clock.
        self.due = 0.0
        # Of those who write. Who tells takes none: a stop may strike there.
        self._writing = threading.Lock()

    def tell(self, told: Progress) -> None:
        """Leave it here for whoever writes."""
        self._newest = told
        if not self._is_listed:
            self._is_listed = True
            _get_slates().put(self)

    def write(self) -> None:
        """Write down the newest, if there is one that is not written."""
        with self._writing:
            self._is_listed = False  # first: what is told from here on lists it again
            if not self._is_over:
                self._send()
            self.due = time.monotonic() + EVERY

    def __call__(self) -> None:
        """Write down the last, at the end of the run."""
        with self._writing:
            if not self._is_over:
                self._send()
            self._is_over = True

    def _send(self) -> None:
        told = self._newest
        if told is None or told is self._written:
            return
        taking = self._taking
        try:
            with time_limited(LONGEST):
                notes = Notes(get_client().store)
                is_ours = notes.write(taking.queue, taking.token, taking.id, told.encode())
            self._written = told
            self._is_over = not is_ours  # somebody else runs the job now, and tells
        except Exception as error:  # noqa: BLE001  # it is only for people, and the job goes on
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        """Say it once. Of a Redis that is away the worker tells by itself."""
        if not isinstance(error, StoreUnavailable) and not self._has_complained:
            self._has_complained = True
            emit(ProgressNotWritten(self._taking.id, error))


@functools.cache
def _get_slates() -> "SimpleQueue[Slate]":
    """Start the thread that writes, and return the queue of its slates.

    A stop may strike whoever puts one in. A lock could stay locked for ever then, and a queue does
    not.
    """
    new: SimpleQueue[Slate] = SimpleQueue()
    threading.Thread(target=_write_all, args=[new], name="jobs-progress", daemon=True).start()
    return new


os.register_at_fork(after_in_child=_get_slates.cache_clear)  # a thread does not survive a fork


def _write_all(new: "SimpleQueue[Slate]") -> None:
    """Write each slate when it is due."""
    waiting: list[tuple[float, int, Slate]] = []  # a heap: thousands of quick jobs may tell
    numbers = itertools.count()
    pause: float | None = None
    while True:
        with suppress(Empty):
            slate = new.get(timeout=pause)
            heappush(waiting, (slate.due, next(numbers), slate))
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            heappop(waiting)[2].write()
        pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
