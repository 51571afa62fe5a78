"""Measures the runs of one worker process.

It is a listener that keeps what it hears; the chores add up and send. To hear is one append to a
deque, which needs no lock: this is on the way of every job.
"""

import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from itertools import islice

from jobs.errors import StoreUnavailable
from jobs.events import JobEnded, subscribe, unsubscribe
from jobs.payload import Payload
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
#: Most measures in one round trip. Each takes seven commands.
MOST_SENT = 200
#: For how long one call goes on sending, in seconds. Heartbeats wait meanwhile.
LONGEST_SEND = 0.5


class Recorder:
    """What one process measured and has not sent yet."""

    def __init__(self, store: Store) -> None:
        """Take the store to send to."""
        self._store = store
        self._metrics = MetricStore(store)
        #: Class, queue, whether it failed, seconds, what was asked of databases, seconds waited.
        self._heard: deque[tuple[str, str, bool, float, Queries | None, float | None]] = deque()
        #: By name, and by the ten seconds in which it was added up.
        self._measures: defaultdict[tuple[str, int], Measure] = defaultdict(Measure)
        #: Whether nobody knows what became of the last that was sent.
        self._is_in_doubt = False

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
            job, failed = event.payload, rule.is_failure
            is_first = not (job.failures > failed or job.crashes or job.interruptions)
            waited = _waited(job, event.elapsed) if is_first else None
            self._heard.append(
                (job.job_class, job.queue, failed, event.elapsed, event.queries, waited)
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
                waits[queue].append(waited if waited > 0 else 0.0)
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
        """Send what was measured, and keep it while Redis is away.

        It sends the oldest first, and no more after half a second. One round trip for each 200
        measures, and one more after Redis was away. Raise StoreUnavailable. Where a key holds
        something else raise ResponseError: all that was sent with it is counted then.
        """
        self.fold()
        until = time.monotonic() + LONGEST_SEND
        while self._measures and time.monotonic() < until:
            self._send_oldest()

    def _send_oldest(self) -> None:
        if self._is_in_doubt:
            self._store.now()  # whatever a Redis that hangs was sent, it executes at its end
        oldest = list(islice(self._measures, MOST_SENT))
        portion = {key: self._measures.pop(key) for key in oldest}
        self._is_in_doubt = True
        try:
            self._metrics.add([(name, float(at), each) for (name, at), each in portion.items()])
        except StoreUnavailable:
            since = time.time() - FORGET_AFTER
            self._measures = _by_minute(portion | self._measures, since)
            raise
        self._is_in_doubt = False


def _by_minute(
    measures: dict[tuple[str, int], Measure], since: float
) -> defaultdict[tuple[str, int], Measure]:
    """Return what was measured since a moment, added up by the minute.

    By ten seconds it would take six times the room.
    """
    kept: defaultdict[tuple[str, int], Measure] = defaultdict(Measure)
    for (name, at), measure in measures.items():
        key = name, _start_of(at, MINUTES)
        if key in kept:
            kept[key].add_measure(measure)
        elif key[1] >= since:
            kept[key] = measure
    return kept


def _waited(job: Payload, elapsed: float) -> float | None:
    """Return how long a job waited for its first run, in seconds.

    That is from when it was enqueued, or was to run. The clock of another host began it, so the
    time may be below 0.
    """
    ready_at = job.enqueued_at if job.run_after is None else max(job.enqueued_at, job.run_after)
    return time.time() - elapsed - ready_at if ready_at else None


def _start_of(at: int, resolution: Resolution) -> int:
    """Return when the slot of a moment begins."""
    return at // resolution.seconds * resolution.seconds
