"""Enqueues jobs of every kind steadily, and remembers what it was promised."""

import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from jobs import EnqueuedJob
from jobs.errors import StoreUnavailable


class Producer:
    """A thread that enqueues until it is told to stop.

    `promised`: when the enqueue of a job returned; `uncertain`: the jobs whose enqueue raised,
    which may run or not.
    """

    def __init__(self, seed: int, rate: float) -> None:
        """Take the seed of the mixture and the jobs a second."""
        self._chance = random.Random(seed)
        self._pause = 1 / rate
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.promised: dict[str, float] = {}
        self.uncertain: set[str] = set()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, when the last enqueue has returned."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        number = 0
        while not self._ended.wait(self._pause):
            number += 1
            name, enqueue = self._next()
            key = f"{name}-{number}"
            try:
                enqueue(key)
            except StoreUnavailable:
                self.uncertain.add(key)
            else:
                self.promised[key] = time.monotonic()

    def _next(self) -> tuple[str, Callable[[str], EnqueuedJob]]:
        """Return a kind of job and how to enqueue one."""
        from benchmarks.chaos import jobs

        seconds = self._chance.uniform(0.2, 2.0)
        later = jobs.QuickJob.using(run_after=timedelta(seconds=seconds))
        kinds: list[tuple[str, int, Callable[[str], EnqueuedJob]]] = [
            ("quick", 20, jobs.QuickJob.enqueue),
            ("high", 10, jobs.HighJob.enqueue),
            ("slow", 30, lambda key: jobs.SlowJob.enqueue(key, seconds)),
            ("failing", 20, jobs.FailOnceJob.enqueue),
            ("async", 10, lambda key: jobs.AsyncJob.enqueue(key, seconds / 3)),
            ("scheduled", 5, later.enqueue),
            ("result", 5, jobs.ResultJob.enqueue),
        ]
        ((name, _, enqueue),) = self._chance.choices(kinds, [weight for _, weight, _ in kinds])
        return name, enqueue
