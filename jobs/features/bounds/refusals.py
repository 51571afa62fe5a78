"""Tells of refusals: the first at once, then once a minute their number.

Whoever enqueues learns of each by its error. A line for each would fill the log while a queue is
full and everybody asks again.
"""

import threading
import time
from collections.abc import Callable

from jobs.errors import QueueFull
from jobs.events import EnqueueRefused, emit

#: How long nothing more is said of a queue. Seconds.
EVERY = 60.0


class Refusals:
    """The refusals of one process, by queue."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Take the clock. Nothing was refused yet."""
        self._now = now
        self._lock = threading.Lock()
        self._told_at: dict[str, float] = {}
        self._untold: dict[str, int] = {}

    def tell(self, refusal: QueueFull) -> None:
        """Count a refusal, and tell of all that were counted if it is time."""
        queue = refusal.queue
        with self._lock:
            count = self._untold.get(queue, 0) + 1
            now = self._now()
            is_due = now - self._told_at.get(queue, -EVERY) >= EVERY
            self._untold[queue] = 0 if is_due else count
            if is_due:
                self._told_at[queue] = now
        if is_due:
            emit(EnqueueRefused(queue, count, refusal.size, refusal.limit))
