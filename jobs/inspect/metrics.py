"""The metrics: how often each job class ran, how often it failed, and how long it took, over the last hours or days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from jobs.inspect.reader import get_reader
from jobs.store.metrics import (
    BOUNDS,
    BUCKETS,
    MINUTES,
    TEN_MINUTES,
    TOTAL,
    Measure,
    MetricStore,
    Resolution,
    unpacked,
)
from jobs.store.reader import Reader

#: Most job classes in one table; those that ran last.
MOST_CLASSES = 100
#: How many minutes a rate looks back on.
RATE_MINUTES = 5


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time up to now: in how many slots it is drawn, and in how many it is added up."""

    drawn: tuple[Resolution, int]
    added: tuple[Resolution, int]


WINDOWS: dict[str, Window] = {
    "1h": Window((MINUTES, 60), (MINUTES, 60)),
    "8h": Window((MINUTES, 480), (TEN_MINUTES, 48)),
    "1d": Window((TEN_MINUTES, 144), (TEN_MINUTES, 144)),
    "3d": Window((TEN_MINUTES, 432), (TEN_MINUTES, 432)),
}


@dataclass(frozen=True, slots=True)
class Slot:
    """One minute, or ten, from `at` on."""

    at: datetime
    runs: int
    failures: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Deploy:
    """A mark that somebody set when new code went out."""

    at: datetime
    label: str


@dataclass(frozen=True, slots=True)
class ClassMetrics:
    """All runs of one job class (or queue) in a stretch of time; `buckets` counts them by duration, see BOUNDS."""

    name: str
    runs: int
    failures: int
    seconds: float
    buckets: tuple[int, ...]

    @property
    def mean_seconds(self) -> float:
        """Return the mean duration of a run, 0 if there was none."""
        return self.seconds / self.runs if self.runs else 0.0

    def percentile(self, percent: float) -> float:
        """Return the duration in seconds that so many percent of the runs did not exceed, 0 if there was none.

        Within its bucket it is taken to lie evenly, as Prometheus' histogram_quantile does
        (https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile); of the last bucket, which
        has no end, the start is returned.
        """
        rank, seen = percent / 100 * sum(self.buckets), 0
        for n, count in enumerate(self.buckets):
            if count and seen + count >= rank:
                low = BOUNDS[n - 1] if n else 0.0
                high = BOUNDS[n] if n < len(BOUNDS) else low
                return low + (high - low) * (rank - seen) / count
            seen += count
        return 0.0

    @property
    def p50(self) -> float:
        """The median duration in seconds."""
        return self.percentile(50)

    @property
    def p95(self) -> float:
        """The duration in seconds that 95 % of the runs did not exceed."""
        return self.percentile(95)

    @property
    def p99(self) -> float:
        """The duration in seconds that 99 % of the runs did not exceed."""
        return self.percentile(99)


@dataclass(frozen=True, slots=True)
class ClassHistory:
    """One job class (or queue) over a window: all in all, slot by slot, and the deploys meanwhile."""

    total: ClassMetrics
    slots: tuple[Slot, ...]
    step_seconds: int
    deploys: tuple[Deploy, ...]


def metrics(window: str = "1h", reader: Reader | None = None) -> list[ClassMetrics]:
    """Return every job class that ran within a window of WINDOWS, by the time it took, the most first.

    Beyond an hour it is exact to ten minutes. At most the 100 classes that ran last. Three round trips,
    O(classes x slots): 7 MB for 100 classes that ran all the time in three days.
    """
    reader = reader or get_reader()
    store = MetricStore(reader.store)
    names = store.names("job:", MOST_CLASSES)
    resolution, slots = WINDOWS[window].added
    found = store.read(names, resolution, reader.now(), slots)
    made = [_added_up(name, found[name]) for name in names]
    return sorted((m for m in made if m.runs), key=lambda m: (-m.seconds, m.name))


def class_metrics(name: str, window: str = "1h", reader: Reader | None = None) -> ClassHistory:
    """Return one job class over a window. Three round trips, O(slots)."""
    return _history(f"job:{name}", window, reader or get_reader())


def queue_metrics(queue: str, window: str = "1h", reader: Reader | None = None) -> ClassHistory:
    """Return all runs of one queue over a window. Three round trips, O(slots)."""
    return _history(f"queue:{queue}", window, reader or get_reader())


def total_metrics(reader: Reader | None = None) -> list[ClassMetrics]:
    """Return every job class since it was first measured, by name; at most the 100 that ran last. Three round trips."""
    reader = reader or get_reader()
    store = MetricStore(reader.store)
    names = store.names("job:", MOST_CLASSES)
    found = store.read(names, TOTAL, 0.0, 1)
    return sorted((_added_up(name, found[name]) for name in names), key=lambda m: m.name)


def queue_rates(queues: Sequence[str], reader: Reader | None = None) -> dict[str, float]:
    """Return for each queue how many runs ended per second over the last five minutes. Two round trips, O(queues).

    A queue that has only run in the minute that is not over counts by what has passed of it.
    """
    reader = reader or get_reader()
    now = reader.now()
    names = [f"queue:{queue}" for queue in queues]
    found = MetricStore(reader.store).read(names, MINUTES, now, RATE_MINUTES + 1)
    return {queue: _rate(found[name], now % 60) for queue, name in zip(queues, names, strict=True)}


def queue_rate(queue: str, reader: Reader | None = None) -> float:
    """Return what `queue_rates` does, of one queue."""
    return queue_rates([queue], reader)[queue]


def deploys(window: str, reader: Reader | None = None) -> tuple[Deploy, ...]:
    """Return the deploy marks within a window. Two round trips."""
    reader = reader or get_reader()
    resolution, slots = WINDOWS[window].drawn
    found = MetricStore(reader.store).deploys(reader.now() - resolution.seconds * slots)
    return tuple(Deploy(datetime.fromtimestamp(at, UTC), label) for at, label in found)


def _history(name: str, window: str, reader: Reader) -> ClassHistory:
    resolution, count = WINDOWS[window].drawn
    now = reader.now()
    packed = MetricStore(reader.store).read([name], resolution, now, count)[name]
    first = (int(now) // resolution.seconds - count + 1) * resolution.seconds
    slots = tuple(_slot(first + n * resolution.seconds, unpacked(slot)) for n, slot in enumerate(packed))
    return ClassHistory(_added_up(name, packed), slots, resolution.seconds, deploys(window, reader))


def _slot(at: float, measure: Measure | None) -> Slot:
    found = measure or Measure()
    return Slot(datetime.fromtimestamp(at, UTC), found.runs, found.failures, found.microseconds / 1e6)


def _added_up(name: str, packed: Sequence[bytes]) -> ClassMetrics:
    measures = [measure for slot in packed if (measure := unpacked(slot))]
    buckets = tuple(map(sum, zip(*(m.buckets for m in measures), strict=True))) or (0,) * BUCKETS
    return ClassMetrics(
        name.partition(":")[2],
        sum(m.runs for m in measures),
        sum(m.failures for m in measures),
        sum(m.microseconds for m in measures) / 1e6,
        buckets,
    )


def _rate(packed: Sequence[bytes], passed: float) -> float:
    *full, current = [measure.runs if (measure := unpacked(slot)) else 0 for slot in packed]
    if any(full):
        return sum(full) / (60 * len(full))
    return current / max(passed, 1.0)
