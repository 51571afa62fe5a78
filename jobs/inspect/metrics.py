"""The metrics: how often each job class ran and failed, and how long.

They look back on the last hours or days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jobs.inspect.class_sight import seen_classes
from jobs.inspect.percentile import percentile
from jobs.inspect.reader import get_reader
from jobs.moment import moment
from jobs.store.metrics import (
    BUCKETS,
    MINUTES,
    TEN_MINUTES,
    TOTAL,
    Measure,
    MetricReader,
    Resolution,
)
from jobs.store.reader import Reader

#: Most job classes in one table: those that ran last.
MOST_CLASSES = 100
#: How many minutes a rate looks back on.
RATE_MINUTES = 5
#: Queues that one round trip reads the slots of.
QUEUES_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time up to now.

    It has one number of slots to be drawn in, and another to be added up from.
    """

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
    """One minute, or ten minutes, from `at` on.

    `seconds` is the time that all its runs took. `buckets` counts them by duration, see BOUNDS.
    """

    at: datetime
    runs: int
    failures: int
    seconds: float
    buckets: tuple[int, ...] = ()

    def percentile(self, percent: float) -> float | None:
        """Return the seconds that so many percent did not exceed, None where nothing ran."""
        return percentile(self.buckets, percent) if self.runs else None


@dataclass(frozen=True, slots=True)
class Deploy:
    """A mark that somebody set when new code went out."""

    at: datetime
    label: str


@dataclass(frozen=True, slots=True)
class ClassMetrics:
    """All runs of one job class (or queue) in a stretch of time.

    `buckets` counts them by duration, see BOUNDS.
    """

    name: str
    runs: int
    failures: int
    seconds: float
    buckets: tuple[int, ...]

    @property
    def failing(self) -> float:
        """The share of the runs that failed, in percent, 0 if there was none."""
        return 100 * self.failures / self.runs if self.runs else 0.0

    @property
    def mean_seconds(self) -> float:
        """Return the mean duration of a run, 0 if there was none."""
        return self.seconds / self.runs if self.runs else 0.0

    def percentile(self, percent: float) -> float:
        """Return the seconds that so many percent of the runs did not exceed.

        It is 0 if there was no run.
        """
        return percentile(self.buckets, percent)

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
    """One job class (or queue) over a window.

    It has the sum of all slots, each slot, and the deploys meanwhile.
    """

    total: ClassMetrics
    slots: tuple[Slot, ...]
    step_seconds: int
    deploys: tuple[Deploy, ...]


def metrics(window: str = "1h", reader: Reader | None = None) -> list[ClassMetrics]:
    """Return every job class that ran within a window of WINDOWS.

    The class that took the most time comes first. Only the 100 classes that ran last
    are looked at. Windows beyond an hour are exact to ten minutes.

    It costs three round trips, O(classes x slots): 7 MB for 100 classes that ran all
    the time in three days.
    """
    reader = reader or get_reader()
    store = MetricReader(reader)
    names = _seen(store.names("job:", MOST_CLASSES), reader)
    resolution, slots = WINDOWS[window].added
    found = store.read(names, resolution, reader.now(), slots)
    made = [added_up(name, found[name]) for name in names]
    return sorted((m for m in made if m.runs), key=lambda m: (-m.seconds, m.name))


def class_metrics(name: str, window: str = "1h", reader: Reader | None = None) -> ClassHistory:
    """Return one job class over a window.

    It costs four round trips, O(slots).
    """
    reader = reader or get_reader()
    key = f"job:{name}"
    resolution, count = WINDOWS[window].drawn
    now = reader.now()
    measures = MetricReader(reader).read([key], resolution, now, count)[key]
    return ClassHistory(
        total=added_up(key, measures),
        slots=slots_of(measures, resolution, now),
        step_seconds=resolution.seconds,
        deploys=deploys(window, reader),
    )


def queue_slots(
    queues: Sequence[str], window: str = "1h", reader: Reader | None = None
) -> tuple[Slot, ...]:
    """Return the slots of several queues, added up.

    It costs one round trip for each 100 queues and one more, O(queues x slots).
    """
    reader = reader or get_reader()
    resolution, count = WINDOWS[window].drawn
    now = reader.now()
    totals = [Measure() for _ in range(count)]
    for first in range(0, len(queues), QUEUES_AT_ONCE):
        names = [f"queue:{queue}" for queue in queues[first : first + QUEUES_AT_ONCE]]
        for found in MetricReader(reader).read(names, resolution, now, count).values():
            _add(totals, found)
    return slots_of(totals, resolution, now)


def total_metrics(reader: Reader | None = None) -> list[ClassMetrics]:
    """Return every job class since it was first measured, by name.

    At most the 100 classes that ran last. It costs two round trips.
    """
    reader = reader or get_reader()
    store = MetricReader(reader)
    names = _seen(store.names("job:", MOST_CLASSES), reader)
    found = store.read(names, TOTAL, 0.0, 1)
    made = [added_up(name, found[name]) for name in names]
    return sorted(made, key=lambda m: m.name)


def queue_rates(queues: Sequence[str], reader: Reader | None = None) -> dict[str, float]:
    """Return for each queue how many runs ended per second.

    The rate is over the last five full minutes. A queue that only ran in the minute
    that is not over yet is measured over the part of it that has passed. It costs two
    round trips, O(queues).
    """
    reader = reader or get_reader()
    now = reader.now()
    names = [f"queue:{queue}" for queue in queues]
    found = MetricReader(reader).read(names, MINUTES, now, RATE_MINUTES + 1)
    return {queue: _rate(found[name], now % 60) for queue, name in zip(queues, names, strict=True)}


def queue_rate(queue: str, reader: Reader | None = None) -> float:
    """Return what `queue_rates` returns, for one queue."""
    return queue_rates([queue], reader)[queue]


def deploys(window: str, reader: Reader | None = None) -> tuple[Deploy, ...]:
    """Return the deploy marks within a window.

    It costs two round trips.
    """
    reader = reader or get_reader()
    resolution, slots = WINDOWS[window].drawn
    found = MetricReader(reader).deploys(reader.now() - resolution.seconds * slots)
    return tuple(Deploy(moment(at), label) for at, label in found)


def _seen(names: Sequence[str], reader: Reader) -> list[str]:
    classes = [name.removeprefix("job:") for name in names]
    return [f"job:{name}" for name in seen_classes(classes, reader)]


def slots_of(
    measures: Sequence[Measure | None], resolution: Resolution, now: float
) -> tuple[Slot, ...]:
    """Return the slots that end with the one of this moment, in epoch seconds."""
    step = resolution.seconds
    first = (int(now) // step - len(measures) + 1) * step
    found = [measure or Measure() for measure in measures]
    return tuple(
        Slot(
            at=moment(first + n * step),
            runs=each.runs,
            failures=each.failures,
            seconds=each.microseconds / 1e6,
            buckets=tuple(each.buckets),
        )
        for n, each in enumerate(found)
    )


def _add(totals: Sequence[Measure], found: Sequence[Measure | None]) -> None:
    for total, measure in zip(totals, found, strict=True):
        if measure:
            total.add_measure(measure)


def added_up(name: str, found: Sequence[Measure | None]) -> ClassMetrics:
    """Return the sum of what was measured under a name such as `job:shop.ReportJob`."""
    measures = [measure for measure in found if measure]
    rows = [(0,) * BUCKETS, *(measure.buckets for measure in measures)]
    _, _, plain_name = name.partition(":")
    return ClassMetrics(
        name=plain_name,
        runs=sum(measure.runs for measure in measures),
        failures=sum(measure.failures for measure in measures),
        seconds=sum(measure.microseconds for measure in measures) / 1e6,
        buckets=tuple(map(sum, zip(*rows, strict=True))),
    )


def _rate(found: Sequence[Measure | None], passed: float) -> float:
    *full, current = [measure.runs if measure else 0 for measure in found]
    if any(full):
        return sum(full) / (60 * len(full))
    return current / max(passed, 1.0)
