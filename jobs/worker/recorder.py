"""Measures the runs of one worker process.

It is a listener that keeps what it hears; the chores add up and send. To hear is one append to a
deque, which needs no lock: this is on the way of every job.
"""

import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence

from jobs.errors import StoreUnavailable
from jobs.events import JobEnded, subscribe, unsubscribe
from jobs.queries import Queries
from jobs.store import Store
from jobs.store.metrics import (
    ALL_RUNS,
    ALL_WAITS,
    MINUTES,
    QUERIES,
    QUERY_TIME,
    SECONDS_OF_A_QUERY,
    TEN_SECONDS,
    WAITS,
    Measure,
    MetricStore,
    Resolution,
)

#: What could not be sent for so long is forgotten: nobody looks at minutes that old. Seconds.
FORGET_AFTER = 8 * 3600


class Recorder:
    """What one process measured and has not sent yet."""

    def __init__(self, store: Store) -> None:
        """Take the store to send to."""
        self._metrics = MetricStore(store)
        #: Class, queue, whether it failed, seconds, what was asked of databases, seconds waited.
        self._heard: deque[tuple[str, str, bool, float, Queries | None, float | None]] = deque()
        #: By name, and by the ten seconds in which the runs ended.
        self._measures: defaultdict[tuple[str, int], Measure] = defaultdict(Measure)

    def listen(self) -> None:
        """Hear of every run from now on."""
        subscribe(JobEnded, at_once=True)(self.hear)

    def leave(self) -> None:
        """Hear no more."""
        unsubscribe(self.hear)

    def hear(self, event: JobEnded) -> None:
        """Note a run that has ended.

        Its payload is not kept: that would keep alive what the job had.
        """
        rule = event.ending.rule
        if rule.is_measured and event.has_begun:
            job = event.payload
            elapsed, waited = event.elapsed, _waited(event)
            self._heard.append(
                (job.job_class, job.queue, rule.is_failure, elapsed, event.queries, waited)
            )

    def fold(self) -> None:
        """Add up what was heard.

        The chores call it many times a second.
        """
        stretch = _start_of(int(time.time()), TEN_SECONDS)
        durations: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        failures: Counter[tuple[str, str]] = Counter()
        counted: defaultdict[str, list[Queries]] = defaultdict(list)
        waits: defaultdict[str, list[float]] = defaultdict(list)
        heard = self._heard
        for _ in range(len(heard)):
            job_class, queue, is_failure, elapsed, queries, waited = heard.popleft()
            durations[job_class, queue].append(elapsed)
            if waited is not None:
                waits[queue].append(waited)
            if is_failure:
                failures[job_class, queue] += 1
            if queries is not None:
                counted[job_class].append(queries)
        for of, seconds in durations.items():
            job_class, queue = of
            names = (f"job:{job_class}", f"queue:{queue}", ALL_RUNS)
            self._add(names, stretch, seconds, failures[of])
        for queue, seconds in waits.items():
            self._add((f"{WAITS}{queue}", ALL_WAITS), stretch, seconds)
        for job_class, asked in counted.items():
            counts = [each.count * SECONDS_OF_A_QUERY for each in asked]
            self._measures[f"{QUERIES}{job_class}", stretch].add_many(counts, failures=0)
            times = [each.seconds for each in asked]
            self._measures[f"{QUERY_TIME}{job_class}", stretch].add_many(times, failures=0)

    def _add(
        self, names: Iterable[str], stretch: int, seconds: Sequence[float], failures: int = 0
    ) -> None:
        """Add the same durations under several names."""
        measure = Measure()
        measure.add_many(seconds, failures=failures)
        for name in names:
            self._measures[name, stretch].add_measure(measure)

    def send(self) -> None:
        """Send everything, and keep it while Redis is away.

        One round trip. Raise StoreUnavailable.
        """
        self.fold()
        if not self._measures:
            return
        measures = [(name, float(at), measure) for (name, at), measure in self._measures.items()]
        try:
            self._metrics.add(measures)
        except StoreUnavailable:
            self._keep_what_is_younger_than(time.time() - FORGET_AFTER)
            raise
        self._measures.clear()

    def _keep_what_is_younger_than(self, moment: float) -> None:
        """Forget what is older, and keep the rest by the minute.

        By ten seconds it would take six times the room.
        """
        kept: defaultdict[tuple[str, int], Measure] = defaultdict(Measure)
        for (name, at), measure in self._measures.items():
            minute = _start_of(at, MINUTES)
            if minute >= moment:
                kept[name, minute].add_measure(measure)
        self._measures = kept


def _waited(event: JobEnded) -> float | None:
    """Return how long a job waited for its first run, in seconds.

    That is from when it was enqueued, or was to run. It is None for a later run, whose wait
    nothing tells. The clock of another host began it, so it is never below 0.
    """
    job = event.payload
    failed_before = job.failures - event.ending.rule.is_failure
    ready_at = job.enqueued_at if job.run_after is None else max(job.enqueued_at, job.run_after)
    if not ready_at or failed_before > 0 or job.crashes or job.interruptions:
        return None
    return max(0.0, time.time() - event.elapsed - ready_at)


def _start_of(at: int, resolution: Resolution) -> int:
    """Return when the slot of a moment begins."""
    return at // resolution.seconds * resolution.seconds
