"""The queries of job classes, where `JOBS["COUNT_QUERIES"]` was on."""

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.inspect.class_sight import seen_classes
from jobs.inspect.metrics import MOST_CLASSES, WINDOWS, ClassMetrics, Slot, added_up, slots_of
from jobs.inspect.reader import get_reader
from jobs.store.metrics import (
    QUERIES,
    QUERY_TIME,
    SECONDS_OF_A_QUERY,
    TOTAL,
    Measure,
    MetricReader,
)
from jobs.store.reader import Reader


@dataclass(frozen=True, slots=True)
class ClassQueries:
    """What the counted runs of one job class asked of databases.

    `slots` are as many as those of `ClassHistory`: the mean number of queries of a run in each,
    None where nothing ran.
    """

    name: str
    runs: int
    queries: int
    seconds: float
    p95: float
    slots: tuple[float | None, ...] = ()

    @property
    def mean(self) -> float:
        """Return the mean number of queries of a run, 0 if there was none."""
        return self.queries / self.runs if self.runs else 0.0

    @property
    def mean_seconds(self) -> float:
        """Return how long a run waited for its queries on average."""
        return self.seconds / self.runs if self.runs else 0.0


def class_queries(
    name: str, window: str = "1h", reader: Reader | None = None
) -> ClassQueries | None:
    """Return the queries of one job class over a window.

    None where none were counted. It costs two round trips, O(slots).
    """
    reader = reader or get_reader()
    resolution, count = WINDOWS[window].drawn
    now = reader.now()
    names = [f"{QUERIES}{name}", f"{QUERY_TIME}{name}"]
    counted, timed = MetricReader(reader).read(names, resolution, now, count).values()
    found = _made(name, counted, timed, slots_of(counted, resolution, now))
    return found if found.runs else None


def total_queries(reader: Reader | None = None) -> list[ClassQueries]:
    """Return the queries of each job class since it was first counted.

    They stand by name, at most 100: those that were counted last. It costs two round trips.
    """
    reader = reader or get_reader()
    store = MetricReader(reader)
    counted = [each.removeprefix(QUERIES) for each in store.names(QUERIES, MOST_CLASSES)]
    names = seen_classes(counted, reader)
    asked = [f"{prefix}{name}" for name in names for prefix in (QUERIES, QUERY_TIME)]
    found = store.read(asked, TOTAL, 0.0, 1)
    made = [_made(name, found[f"{QUERIES}{name}"], found[f"{QUERY_TIME}{name}"]) for name in names]
    return sorted(made, key=lambda each: each.name)


def _made(
    name: str,
    counted: Sequence[Measure | None],
    timed: Sequence[Measure | None],
    slots: Sequence[Slot] = (),
) -> ClassQueries:
    queries: ClassMetrics = added_up(f"{QUERIES}{name}", counted)
    times: ClassMetrics = added_up(f"{QUERY_TIME}{name}", timed)
    return ClassQueries(
        name=name,
        runs=queries.runs,
        queries=round(queries.seconds / SECONDS_OF_A_QUERY),
        seconds=times.seconds,
        p95=queries.p95 / SECONDS_OF_A_QUERY,
        slots=tuple(
            slot.seconds / SECONDS_OF_A_QUERY / slot.runs if slot.runs else None for slot in slots
        ),
    )
