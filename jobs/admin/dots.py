"""A chart of dots: runs against time, higher the longer they took.

The upright axis has a step for each bucket of durations. So it is logarithmic, and a run of an hour
does not press those of milliseconds together. A dot stands for all runs of a slot and a bucket, and
is larger the more there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from jobs.admin.charts import HEIGHT, MOST_Y_TICKS, WIDTH, Chart
from jobs.admin.ticks import Tick
from jobs.store.metrics import BOUNDS, BUCKETS
from jobs.templatetags.jobs_format import short_duration

#: From how many runs on a dot has which size.
SIZES = ((10, "large"), (2, "medium"), (1, "small"))


@dataclass(frozen=True, slots=True)
class Dots:
    """All dots of one size.

    They are one path, of strokes without a length.
    """

    size: str
    path: str


@dataclass(frozen=True, slots=True)
class DotChart(Chart):
    """A chart with dots in place of lines.

    Its values stand in the tooltips and the table.
    """

    dots: tuple[Dots, ...] = ()


def with_dots(chart: Chart, slots: Sequence[Sequence[int]]) -> DotChart:
    """Return a chart with dots in place of its lines.

    Each slot counts its runs by bucket.
    """
    first, last = _used(slots)
    steps = last - first + 1
    paths: dict[str, list[str]] = {size: [] for _least, size in SIZES}
    for n, buckets in enumerate(slots):
        x = WIDTH * (n + 0.5) / len(slots)
        for bucket, count in enumerate(buckets):
            if count:
                y = HEIGHT * (1 - (bucket - first + 0.5) / steps)
                paths[_size(count)].append(f"M{x:.1f} {y:.1f}h0")
    given = {each.name: getattr(chart, each.name) for each in fields(chart)}
    given |= {"has_legend": False, "lines": (), "y_ticks": _ticks(first, last)}
    drawn = tuple(Dots(size, "".join(path)) for size, path in paths.items() if path)
    return DotChart(**given, dots=drawn)


def _used(slots: Sequence[Sequence[int]]) -> tuple[int, int]:
    """Return the first and the last bucket that hold runs.

    They are those of all buckets where none does.
    """
    used = [n for n in range(BUCKETS) if any(buckets[n] for buckets in slots)]
    return (used[0], used[-1]) if used else (0, BUCKETS - 1)


def _size(count: int) -> str:
    return next(size for least, size in SIZES if count >= least)


def _ticks(first: int, last: int) -> tuple[Tick, ...]:
    """Label the upper bounds of some buckets. The last bucket of all has none."""
    steps = last - first + 1
    every = max(1, -(-steps // MOST_Y_TICKS))
    return tuple(
        Tick(f"{HEIGHT * (1 - (n - first + 1) / steps):.1f}", short_duration(BOUNDS[n]))
        for n in range(first, min(last + 1, len(BOUNDS)), every)
    )
