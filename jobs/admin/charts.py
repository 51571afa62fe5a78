"""Plain charts as SVG: bars over time (stacked), lines, histograms, with marks. Computed here, drawn by `_chart.html`.

The plot stretches to the width of the page: across it is 1,000 units wide whatever the screen, and only bars and lines
are stretched. Texts stand beside the stretched part, at percentages. Colours come from classes in `jobs.css`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from django.utils.functional import Promise

from jobs.templatetags.jobs_format import number

WIDTH, HEIGHT = 1000, 180
MOST_Y_TICKS = 4
MOST_X_TICKS = 6
#: Of the room that a slot has, its bar leaves this free.
GAP = 0.16
Format = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Series:
    """One row of numbers, a value for each slot. `css` names its colour: ok, failed or plain."""

    name: str | Promise
    values: Sequence[float]
    css: str = "plain"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened in a slot, such as a deploy."""

    slot: int
    label: str


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
    """A slot over the whole height, with the tooltip of all that is in it."""

    x: str
    width: str
    tooltip: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """The points of a line, and of the area under it."""

    points: str
    area: str
    css: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A label at an axis: `at` is in pixels on the upright axis, in percent on the other."""

    at: str
    label: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Chart:
    """All that the template draws."""

    summary: str
    legend: tuple[Series, ...]
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
    write: Format = number,
) -> Chart:
    """Return bars over labelled slots, the series stacked, the first at the bottom. A histogram is one series of it."""
    top = _ceiling([sum(column) for column in _columns(series)])
    slots = tuple(_slot(n, len(labels), label, series, top, write) for n, label in enumerate(labels))
    return _chart(labels, series, summary, (top, marks, write), slots=slots)


def lines(
    labels: Sequence[str],
    series: Sequence[Series],
    summary: str,
    *,
    marks: Sequence[Mark] = (),
    write: Format = number,
) -> Chart:
    """Return one line for each series over labelled slots, with the area under it."""
    top = _ceiling([value for each in series for value in each.values])
    slots = tuple(_slot(n, len(labels), label, series, 0, write) for n, label in enumerate(labels))
    return _chart(
        labels, series, summary, (top, marks, write), slots=slots, drawn=tuple(_line(each, top) for each in series)
    )


def nice_ticks(highest: float) -> list[float]:
    """Return a few round values from 0 to at least the highest: steps are 1, 2, 2.5 or 5 times a power of ten."""
    if highest <= 0:
        return [0.0, 1.0]
    rough = highest / MOST_Y_TICKS
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))
    return [step * n for n in range(ceil(highest / step - 1e-9) + 1)]


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
    return Chart(
        summary=summary,
        legend=tuple(series),
        y_ticks=_y_ticks(top, write),
        x_ticks=_x_ticks(labels),
        slots=slots,
        lines=drawn,
        marks=tuple(_mark(mark, len(labels)) for mark in marks),
        rows=tuple((label, tuple(map(write, column))) for label, column in zip(labels, _columns(series), strict=True)),
        is_empty=not any(any(each.values) for each in series),
    )


def _columns(series: Sequence[Series]) -> list[tuple[float, ...]]:
    return list(zip(*(each.values for each in series), strict=True))


def _ceiling(values: Sequence[float]) -> float:
    return nice_ticks(max(values, default=0))[-1]


def _slot(n: int, count: int, label: str, series: Sequence[Series], top: float, write: Format) -> Slot:
    """Return a slot; without a top there are no bars in it, only its tooltip."""
    room = WIDTH / count
    tooltip = "\n".join([label, *(f"{each.name}: {write(each.values[n])}" for each in series)])
    boxes, floor_ = [], float(HEIGHT)
    for each in series if top else ():
        height = each.values[n] / top * HEIGHT
        floor_ -= height
        if height:
            x, width = room * (n + GAP / 2), room * (1 - GAP)
            boxes.append(Box(_plain(x), _plain(floor_), _plain(width), _plain(height), each.css))
    return Slot(_plain(room * n), _plain(room), tooltip, tuple(boxes))


def _line(series: Series, top: float) -> Line:
    room = WIDTH / max(1, len(series.values))
    middles = [room * (n + 0.5) for n in range(len(series.values))]
    heights = (HEIGHT - value / top * HEIGHT for value in series.values)
    points = " ".join(f"{_plain(x)},{_plain(y)}" for x, y in zip(middles, heights, strict=True))
    ends = (middles[0], middles[-1]) if middles else (0.0, 0.0)
    return Line(points, f"{_plain(ends[0])},{HEIGHT} {points} {_plain(ends[1])},{HEIGHT}", series.css)


def _y_ticks(top: float, write: Format) -> tuple[Tick, ...]:
    return tuple(Tick(_plain(HEIGHT - value / top * HEIGHT), write(value)) for value in nice_ticks(top))


def _x_ticks(labels: Sequence[str]) -> tuple[Tick, ...]:
    """Label every so many slots, so that a few labels stand evenly."""
    every = max(1, ceil(len(labels) / MOST_X_TICKS))
    return tuple(_tick(n, len(labels), labels[n]) for n in range(every // 2, len(labels), every))


def _mark(mark: Mark, count: int) -> Tick:
    return _tick(mark.slot, count, mark.label)


def _tick(slot: int, count: int, label: str) -> Tick:
    """Return a label at the middle of a slot; near the edges it is written inwards."""
    at = (slot + 0.5) / count * 100
    return Tick(f"{_plain(at)}%", label, "start" if at < 6 else "end" if at > 94 else "middle")


def _plain(value: float) -> str:
    """Write a number as SVG wants it, whatever the language."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
