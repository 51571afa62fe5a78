"""The labels along the lower axis of a chart, and its marks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil

MOST_X_TICKS = 6
#: A label nearer than this to an edge of the plot is written inwards. Percent of the width.
EDGE = 6


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened in a slot, such as a deploy."""

    slot: int
    label: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A label at an axis.

    `at` is in pixels on the upright axis, in percent on the other. `is_crowded`: the next one is so
    near that only its tooltip tells it.
    """

    at: str
    label: str
    anchor: str = "middle"
    is_crowded: bool = False


def x_ticks(labels: Sequence[str]) -> tuple[Tick, ...]:
    """Label at most six slots, at even distances."""
    every = max(1, ceil(len(labels) / MOST_X_TICKS))
    return tuple(_tick(n, len(labels), labels[n]) for n in range(every // 2, len(labels), every))


def drawn_marks(marks: Sequence[Mark], count: int) -> tuple[Tick, ...]:
    """Return the marks. Of those that are near each other the latest is written."""
    ordered = sorted(marks, key=lambda mark: mark.slot)
    nearest = EDGE / 100 * count
    drawn = [_tick(mark.slot, count, mark.label) for mark in ordered]
    for n, (mark, after) in enumerate(pairwise(ordered)):
        drawn[n] = replace(drawn[n], is_crowded=after.slot - mark.slot < nearest)
    return tuple(drawn)


def _tick(slot: int, count: int, label: str) -> Tick:
    """Return a label at the middle of a slot.

    Near the edges of the plot it is written inwards.
    """
    at = (slot + 0.5) / count * 100
    anchor = "middle"
    if at < EDGE:
        anchor = "start"
    elif at > 100 - EDGE:
        anchor = "end"
    return Tick(f"{plain(at)}%", label, anchor)


def plain(value: float) -> str:
    """Write a number as SVG wants it, whatever the language."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
