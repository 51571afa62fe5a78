"""Plain charts as SVG: stacked bars over time, lines and histograms, with marks.

They are computed here and drawn by `_chart.html`. The plot stretches to the width of the page: it
is 1,000 units wide whatever the screen. Only bars and lines are stretched. Texts stand beside the
stretched part, at percentages. Colours come from classes in `charts.css`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, log10

from django.utils.functional import Promise

from jobs.admin.ticks import Mark, Tick, drawn_marks, plain, x_ticks
from jobs.templatetags.jobs_format import duration, number, short_duration

WIDTH, HEIGHT = 1000, 180
MOST_Y_TICKS = 4
#: The share of its slot that a bar leaves free, half of it on each side.
GAP = 0.16
#: What a quotient of two floats may be wrong by.
ROUNDING = 1e-9
#: The steps of the upright axis are one of these times a power of ten.
STEPS = (1, 2, 2.5, 5, 10)
Format = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Series:
    """One row of numbers, a value for each slot.

    It is None where there is none: a line has a gap there. `css` names its colour: ok, failed,
    plain, or line1 to line6 for one of several lines.
    """

    name: str | Promise
    values: Sequence[float | None]
    css: str = "plain"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of a bar, in units of the plot."""

    x: str
    y: str
    width: str
    height: str
    css: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot over the whole height, with one tooltip for all its values."""

    x: str
    width: str
    tooltip: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """The points of a line, and of the area under it.

    Where several lines cross, areas are left out.
    """

    points: str
    area: str
    css: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All that the template draws."""

    summary: str
    series: tuple[Series, ...]
    has_legend: bool
    y_ticks: tuple[Tick, ...]
    x_ticks: tuple[Tick, ...]
    slots: tuple[Slot, ...]
    lines: tuple[Line, ...]
    marks: tuple[Tick, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    is_empty: bool
    width: int = WIDTH
    height: int = HEIGHT


def bars(
    labels: Sequence[str],
    series: Sequence[Series],
    summary: str,
    *,
    marks: Sequence[Mark] = (),
) -> Chart:
    """Return bars over labelled slots, with the series stacked.

    The first series is at the bottom. A histogram has one series.
    """
    top = _ceiling([sum(filter(None, column)) for column in _columns(series)], number)
    slots = tuple(
        _slot(n, len(labels), label, series, top, number) for n, label in enumerate(labels)
    )
    return _chart(labels, series, summary, (top, marks, number), slots=slots)


def lines(
    labels: Sequence[str],
    series: Sequence[Series],
    summary: str,
    *,
    marks: Sequence[Mark] = (),
    write: Format = number,
) -> Chart:
    """Return one line for each series over labelled slots.

    A single line has the area under it.
    """
    top = _ceiling([value for each in series for value in each.values if value is not None], write)
    # Slots without a top have tooltips only.
    slots = tuple(_slot(n, len(labels), label, series, 0, write) for n, label in enumerate(labels))
    return _chart(
        labels,
        series,
        summary,
        (top, marks, write),
        slots=slots,
        drawn=tuple(
            line for each in series for line in _lines(each, top, has_area=len(series) == 1)
        ),
    )


def nice_ticks(highest: float, *, is_whole: bool = False) -> list[float]:
    """Return a few round values from 0 to at least the highest.

    The steps are 1, 2, 2.5 or 5 times a power of ten. So 7 gives 0, 2, 4, 6, 8; and 100 gives
    0, 25, 50, 75, 100. Where things are counted the steps are whole: 1 gives 0, 1.
    """
    if highest <= 0:
        return [0.0, 1.0]
    smallest_step = highest / MOST_Y_TICKS
    power = 10.0 ** floor(log10(smallest_step))
    enough = smallest_step * (1 - ROUNDING)
    steps = (factor * power for factor in STEPS if factor * power >= enough)
    step = next(each for each in steps if each.is_integer() or not is_whole)
    count = ceil(highest / step - ROUNDING)
    return [step * n for n in range(count + 1)]


def _chart(
    labels: Sequence[str],
    series: Sequence[Series],
    summary: str,
    axes: tuple[float, Sequence[Mark], Format],
    *,
    slots: tuple[Slot, ...],
    drawn: tuple[Line, ...] = (),
) -> Chart:
    top, marks, write = axes
    written = [tuple(_written(value, write) for value in column) for column in _columns(series)]
    return Chart(
        summary=summary,
        series=tuple(series),
        has_legend=len(series) > 1,
        y_ticks=_y_ticks(top, write),
        x_ticks=x_ticks(labels),
        slots=slots,
        lines=drawn,
        marks=drawn_marks(marks, len(labels)),
        rows=tuple(zip(labels, written, strict=True)),
        is_empty=not any(any(each.values) for each in series),
    )


def _written(value: float | None, write: Format) -> str:
    return "–" if value is None else write(value)


def _columns(series: Sequence[Series]) -> list[tuple[float | None, ...]]:
    return list(zip(*(each.values for each in series), strict=True))


def _ticks(highest: float, write: Format) -> list[float]:
    """Return the values at the upright axis, whole ones where numbers are written."""
    return nice_ticks(highest, is_whole=write is number)


def _ceiling(values: Sequence[float], write: Format) -> float:
    return _ticks(max(values, default=0), write)[-1]


def _slot(
    n: int, count: int, label: str, series: Sequence[Series], top: float, write: Format
) -> Slot:
    """Return a slot with its bars and its tooltip.

    Without a top it has no bars.
    """
    room = WIDTH / count
    values = [f"{each.name}: {_written(each.values[n], write)}" for each in series]
    tooltip = "\n".join([label, *values])
    boxes = _boxes(n, room, series, top) if top else ()
    return Slot(plain(room * n), plain(room), tooltip, boxes)


def _boxes(n: int, room: float, series: Sequence[Series], top: float) -> tuple[Box, ...]:
    """Return the bars of a slot, stacked from the bottom upwards."""
    x = plain(room * (n + GAP / 2))
    width = plain(room * (1 - GAP))
    boxes = []
    upper_edge = float(HEIGHT)
    for each in series:
        height = (each.values[n] or 0) / top * HEIGHT
        upper_edge -= height
        if height:
            boxes.append(Box(x, plain(upper_edge), width, plain(height), each.css))
    return tuple(boxes)


def _lines(series: Series, top: float, *, has_area: bool) -> Iterator[Line]:
    """Yield a line for each stretch without a gap."""
    room = WIDTH / max(1, len(series.values))
    for has_values, stretch in groupby(enumerate(series.values), lambda at: at[1] is not None):
        if has_values:
            places = [(room * (n + 0.5), HEIGHT - (y or 0) / top * HEIGHT) for n, y in stretch]
            yield _line(places, series.css, has_area=has_area)


def _line(places: Sequence[tuple[float, float]], css: str, *, has_area: bool) -> Line:
    ends = (places[0], places[0]) if len(places) == 1 else places  # a point is drawn as a dot
    points = " ".join(f"{plain(x)},{plain(y)}" for x, y in ends)
    if not has_area:
        return Line(points, "", css)
    first, last = plain(ends[0][0]), plain(ends[-1][0])
    return Line(points, f"{first},{HEIGHT} {points} {last},{HEIGHT}", css)


def _y_ticks(top: float, write: Format) -> tuple[Tick, ...]:
    """Return the labels of the upright axis, which has little room."""
    short = short_duration if write is duration else write
    return tuple(
        Tick(plain(HEIGHT - value / top * HEIGHT), short(value)) for value in _ticks(top, write)
    )
