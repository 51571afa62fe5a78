"""Measures the runs of one worker process. Threads note each run; the main thread adds up and sends with its heartbeat.

A note is one append to a deque, which needs no lock: this is on the way of every job.
"""

import time
from collections import deque

from jobs.errors import StoreUnavailable
from jobs.store import Store
from jobs.store.metrics import Measure, MetricStore

#: What could not be sent for so long is forgotten, in seconds: nobody looks at minutes that old.
FORGET_AFTER = 8 * 3600


class Recorder:
    """What one process measured and has not sent yet."""

    def __init__(self, store: Store) -> None:
        """Take the store to send to."""
        self._metrics = MetricStore(store)
        self._notes: deque[tuple[str, str, float, bool]] = deque()
        self._measures: dict[tuple[str, int], Measure] = {}

    def note(self, job_class: str, queue: str, seconds: float, *, is_failure: bool) -> None:
        """Note a run that has ended."""
        self._notes.append((job_class, queue, seconds, is_failure))

    def fold(self) -> None:
        """Add up what was noted. The main thread calls it many times a second, so the minute is right."""
        minute = int(time.time()) // 60 * 60
        for _ in range(len(self._notes)):
            job_class, queue, seconds, is_failure = self._notes.popleft()
            for name in (f"job:{job_class}", f"queue:{queue}"):
                measure = self._measures.get((name, minute))
                if measure is None:
                    measure = self._measures[name, minute] = Measure()
                measure.add(seconds, is_failure=is_failure)

    def send(self) -> None:
        """Send everything; keep it while Redis is away. One round trip. Raise StoreUnavailable."""
        self.fold()
        measures = [(name, float(minute), measure) for (name, minute), measure in self._measures.items()]
        try:
            if measures:
                self._metrics.add(measures)
        except StoreUnavailable:
            oldest = time.time() - FORGET_AFTER
            self._measures = {key: measure for key, measure in self._measures.items() if key[1] >= oldest}
            raise
        self._measures.clear()
