"""The recent past of everything: what ran and failed, how long jobs waited.

It costs the same for five queues and for five hundred: all runs are measured together too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest

from jobs.inspect.class_sight import seen_classes
from jobs.inspect.metrics import RATE_MINUTES, ClassMetrics, Deploy, added_up, deploys
from jobs.inspect.queues import queue_names
from jobs.inspect.reader import get_reader
from jobs.moment import moment
from jobs.store.metrics import (
    ALL_RUNS,
    ALL_WAITS,
    MINUTES,
    TEN_MINUTES,
    WAITS,
    Measure,
    MetricReader,
    Resolution,
)
from jobs.store.reader import Reader

#: Job classes that have a line of their own, and those among which they are chosen.
MOST_LINES, MOST_CLASSES = 6, 100
#: Whoever sees only some queues sees so many of them added up, those that ran last.
MOST_QUEUES = 100


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time up to now: `count` beats of so many slots."""

    resolution: Resolution
    count: int
    slots: int = 1

    @property
    def seconds(self) -> int:
        """The length of a beat."""
        return self.resolution.seconds * self.slots

    @property
    def parts(self) -> list[slice]:
        """Where the slots of each beat stand among all slots."""
        starts = range(0, self.count * self.slots, self.slots)
        return [slice(start, start + self.slots) for start in starts]

    def slots_until(self, now: float) -> int:
        """Return how many slots there are, of which the last beat may hold fewer."""
        in_last_beat = int(now) // self.resolution.seconds % self.slots + 1
        return (self.count - 1) * self.slots + in_last_beat


#: By minutes, ten minutes and hours.
SPANS = {
    "1h": Span(MINUTES, 60),
    "8h": Span(TEN_MINUTES, 48),
    "3d": Span(TEN_MINUTES, 72, 6),
}


@dataclass(frozen=True, slots=True)
class Beat:
    """A stretch of time from `at` on.

    `waits` are the first runs that ended in it, by how long their jobs had waited.
    """

    at: datetime
    runs: int
    failures: int
    waits: ClassMetrics


@dataclass(frozen=True, slots=True)
class ClassLine:
    """How often one job class ran in each beat."""

    name: str
    runs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pulse:
    """All beats of a span, the oldest first.

    `classes` are those that ran most, and so many `other_classes` ran too. `is_partial` is true
    where more queues ran than were added up.
    """

    beats: tuple[Beat, ...]
    beat_seconds: int
    classes: tuple[ClassLine, ...]
    other_classes: int
    deploys: tuple[Deploy, ...]
    is_partial: bool = False

    @property
    def waits(self) -> ClassMetrics:
        """All waits of the span."""
        waits = [beat.waits for beat in self.beats]
        return ClassMetrics(
            name=waits[0].name,
            runs=sum(each.runs for each in waits),
            failures=0,
            seconds=sum(each.seconds for each in waits),
            buckets=tuple(map(sum, zip(*(each.buckets for each in waits), strict=True))),
        )


@dataclass(frozen=True, slots=True)
class Pace:
    """How many runs ended in the last five full minutes.

    `failures` of them failed.
    """

    runs: int
    failures: int
    per_second: float

    @property
    def failing(self) -> float | None:
        """The share of the runs that failed in percent, None where nothing ran."""
        return 100 * self.failures / self.runs if self.runs else None


def pulse(span: str = "1h", reader: Reader | None = None) -> Pulse:
    """Return the recent past of all queues.

    The span is a name of SPANS: the last hour, 8 hours or 3 days. It costs six round trips,
    O(classes x slots): 7 MB for 100 classes that ran all the time in three days. With a reader that
    sees only some queues it costs two more.
    """
    reader = reader or get_reader()
    chosen, now, store = SPANS[span], reader.now(), MetricReader(reader)
    count = chosen.slots_until(now)
    began_at = (int(now) // chosen.seconds - chosen.count + 1) * chosen.seconds
    runs, waits, is_partial = _names(reader, began_at)
    found = store.read([*runs, *waits], chosen.resolution, now, count)
    beats = zip(
        _beats([found[name] for name in runs], chosen),
        _beats([found[name] for name in waits], chosen),
        strict=True,
    )
    classes, others = _classes(store, reader, chosen, now, began_at)
    return Pulse(
        beats=tuple(
            _beat(moment(began_at + n * chosen.seconds), *measures)
            for n, measures in enumerate(beats)
        ),
        beat_seconds=chosen.seconds,
        classes=classes,
        other_classes=others,
        deploys=deploys(span, reader),
        is_partial=is_partial,
    )


def pace(reader: Reader | None = None) -> Pace:
    """Return how fast all queues go now, and how many of their runs fail.

    Where everything ran in the minute that is not over yet, the part of it that has passed is
    looked at. It costs two round trips, and two more with a reader that sees only some queues.
    """
    reader = reader or get_reader()
    now = reader.now()
    runs, _waits, _is_partial = _names(reader, now - 60 * (RATE_MINUTES + 1))
    found = MetricReader(reader).counts(runs, MINUTES, now, RATE_MINUTES + 1)
    minutes = [
        tuple(map(sum, zip(*each, strict=True))) for each in zip(*found.values(), strict=True)
    ]
    if not minutes:
        return Pace(0, 0, 0.0)
    *full, current = minutes
    if not any(ran for ran, _failed in full):
        return Pace(current[0], current[1], current[0] / max(now % 60, 1.0))
    ran, failed = map(sum, zip(*full, strict=True))
    return Pace(ran, failed, ran / (60 * RATE_MINUTES))


def _names(reader: Reader, since: float) -> tuple[list[str], list[str], bool]:
    """Return the names of the runs and waits that a reader may see.

    Third, whether more queues ran than are among them.
    """
    if reader.sight.sees_all_queues:
        return [ALL_RUNS], [ALL_WAITS], False
    ran = MetricReader(reader).active("queue:", since, len(queue_names(reader)) + MOST_QUEUES)
    seen = [name for name in ran if reader.sight.sees_queue(name.removeprefix("queue:"))]
    runs = seen[:MOST_QUEUES]
    waits = [f"{WAITS}{name.removeprefix('queue:')}" for name in runs]
    return runs, waits, len(seen) > len(runs)


def _beats(found: Sequence[Sequence[Measure | None]], span: Span) -> list[list[Measure | None]]:
    """Return for each beat all that was measured in it, under whatever name."""
    return [[slot for slots in found for slot in slots[part]] for part in span.parts]


def _beat(at: datetime, runs: Sequence[Measure | None], waits: Sequence[Measure | None]) -> Beat:
    ran = added_up(ALL_RUNS, runs)
    return Beat(at, ran.runs, ran.failures, added_up(ALL_WAITS, waits))


def _classes(
    store: MetricReader, reader: Reader, span: Span, now: float, since: float
) -> tuple[tuple[ClassLine, ...], int]:
    """Return lines of the classes that ran most, and how many others ran."""
    active = [name.removeprefix("job:") for name in store.active("job:", since, MOST_CLASSES)]
    keys = [f"job:{name}" for name in seen_classes(active, reader)]
    counts = store.counts(keys, span.resolution, now, span.slots_until(now))
    lines = [_line(key, counts[key], span) for key in keys]
    ran = [line for line in lines if any(line.runs)]
    most = nlargest(MOST_LINES, ran, key=lambda line: sum(line.runs))
    return tuple(most), len(ran) - len(most)


def _line(key: str, counts: Sequence[tuple[int, int]], span: Span) -> ClassLine:
    runs = [sum(ran for ran, _failed in counts[part]) for part in span.parts]
    return ClassLine(key.removeprefix("job:"), tuple(runs))
