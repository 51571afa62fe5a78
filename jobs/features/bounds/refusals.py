"""Tells of refusals: the first at once, then once a minute their number.

Whoever enqueues learns of each by its error. A line for each would fill the log while a queue is
full and everybody asks again.
"""

import itertools
import time
from collections.abc import Callable, Iterator

from jobs.errors import QueueFull
from jobs.events import EnqueueRefused, emit

#: How long nothing more is said of a queue. Seconds.
EVERY = 60.0


class Refusals:
    """The refusals of one process, by queue.

    It has no lock, which a child that is forked at the wrong moment would find locked for ever. Two
    threads that are refused at the same moment may both tell.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Take the clock. Nothing was refused yet."""
        self._now = now
        self._numbers: dict[str, Iterator[int]] = {}
        #: When a queue was told of, and the number of the refusal with which it was.
        self._told: dict[str, tuple[float, int]] = {}

    def tell(self, refusal: QueueFull) -> None:
        """Count a refusal, and tell of all that were counted if it is time."""
        queue = refusal.queue
        number = next(self._numbers.setdefault(queue, itertools.count(1)))
        now = self._now()
        told_at, told = self._told.get(queue, (now - EVERY, 0))
        if now - told_at >= EVERY:
            self._told[queue] = now, number
            emit(EnqueueRefused(queue, number - told, refusal.size, refusal.limit))
