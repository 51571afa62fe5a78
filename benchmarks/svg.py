"""Draws line charts as plain SVG, readable by eye and by ear.

They suit light and dark pages. A chart has panels side by side, each with an axis of its own. A
value axis begins at 0.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10

#: Size of a panel and of what surrounds its plot, in pixels.
WIDTH, HEIGHT, TOP, BOTTOM, LEFT, RIGHT = 420, 344, 96, 70, 62, 22
MOST_TICKS = 5
#: Least room between two labels below the plot, in pixels.
ROOM = 34

STYLE = """
  svg { color-scheme: light dark; }
  .page { fill: #ffffff; }
  text { fill: #24292f; font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; }
  .title { font-size: 16px; font-weight: 600; }
  .panel { font-weight: 600; }
  .soft { fill: #57606a; }
  .grid { stroke: #d0d7de; stroke-width: 1; }
  .axis { stroke: #57606a; stroke-width: 1; }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
  .line.a { stroke: #0550ae; }
  .line.b { stroke: #bc4c00; stroke-dasharray: 6 4; }
  .mark.a { fill: #0550ae; }
  .mark.b { fill: #bc4c00; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; }
    text { fill: #e6edf3; }
    .soft { fill: #9198a1; }
    .grid { stroke: #30363d; }
    .axis { stroke: #9198a1; }
    .line.a { stroke: #6cb6ff; }
    .line.b { stroke: #ffa657; }
    .mark.a { fill: #6cb6ff; }
    .mark.b { fill: #ffa657; }
  }
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A named row of points, from left to right."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Panel:
    """One plot: what its values are, what stands below, and at most two lines."""

    title: str
    below: str
    lines: Sequence[Line]
    is_log: bool = True

    @property
    def xs(self) -> list[float]:
        """The places that were measured."""
        return sorted({x for line in self.lines for x, _ in line.points})

    def across(self, x: float) -> float:
        """Return how far to the right a place lies, in pixels."""
        low, high = self._placed(self.xs[0]), self._placed(self.xs[-1])
        part = (self._placed(x) - low) / (high - low) if high > low else 0.5
        return LEFT + 8 + part * (WIDTH - LEFT - RIGHT - 16)

    def _placed(self, x: float) -> float:
        return log10(x) if self.is_log else x


def chart(title: str, panels: Sequence[Panel], note: str) -> str:
    """Return the SVG. What the lines show stands in its description too, in words."""
    width, told = WIDTH * len(panels), " ".join(describe(panel) for panel in panels)
    size = f'viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title desc">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="desc">{escape(told)}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{width}" height="{HEIGHT}"/>',
        text(16, 28, title, "title"),
    ]
    for number, panel in enumerate(panels):
        parts.append(f'<g transform="translate({number * WIDTH} 0)">')
        parts += drawn(panel)
        parts.append("</g>")
    parts += [text(16, HEIGHT - 8, note, "soft"), "</svg>", ""]
    return "\n".join(parts)


def describe(panel: Panel) -> str:
    """Return what a panel shows, in words."""
    rows = [
        f"{line.name}: {', '.join(f'{short(y)} at {short(x)}' for x, y in line.points)}."
        for line in panel.lines
    ]
    return f"{panel.title}, by {panel.below}. {' '.join(rows)}"


def drawn(panel: Panel) -> Iterator[str]:
    """Yield the parts of a panel."""
    yield text(16, 54, panel.title, "panel")
    if not panel.xs:
        yield text(16, 78, "Not measured yet.", "soft")
        return
    most = max(y for line in panel.lines for _, y in line.points)
    step = nice(most / MOST_TICKS)
    top = step * max(1, -int(-most // step))
    yield from legend(panel)
    for tick in range(round(top / step) + 1):
        y = up(tick * step, top)
        kind = "grid" if tick else "axis"
        yield f'<path class="{kind}" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        yield text(LEFT - 8, y + 4, short(tick * step), "soft", "end")
    yield from labels(panel)
    for css, line in zip("ab", panel.lines, strict=False):
        yield from curve(panel, line, css, top)


def legend(panel: Panel) -> Iterator[str]:
    """Yield the names of the lines, each behind its mark."""
    x = 20.0
    for css, line in zip("ab", panel.lines, strict=False):
        yield mark(x, 74, css)
        yield text(x + 10, 78, line.name, "soft")
        x += 36 + 7 * len(line.name)


def labels(panel: Panel) -> Iterator[str]:
    """Yield what stands below the plot.

    Where there is no room a place has no label.
    """
    last = float("-inf")
    for x in panel.xs:
        if panel.across(x) - last >= ROOM:
            last = panel.across(x)
            yield text(last, HEIGHT - BOTTOM + 16, short(x), "soft", "middle")
    yield text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 32, panel.below, "soft", "middle")


def curve(panel: Panel, line: Line, css: str, top: float) -> Iterator[str]:
    """Yield a line and its marks.

    Each mark tells its figure to who points at it.
    """
    placed = [(panel.across(x), up(y, top)) for x, y in line.points]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in placed)
    yield f'<path class="line {css}" d="M{path}"/>'
    for (x, y), (at, value) in zip(placed, line.points, strict=True):
        told = escape(f"{line.name}: {short(value)} at {short(at)}")
        yield f"<g><title>{told}</title>{mark(x, y, css)}</g>"


def mark(x: float, y: float, css: str) -> str:
    """Return a mark. The two lines differ in its shape too."""
    if css == "a":
        return f'<circle class="mark a" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
    return f'<rect class="mark b" x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7"/>'


def text(x: float, y: float, words: str, css: str, anchor: str = "start") -> str:
    """Return a text."""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{css}" {place}>{escape(words)}</text>'


def up(y: float, top: float) -> float:
    """Return how far down a value lies, in pixels."""
    return HEIGHT - BOTTOM - y / top * (HEIGHT - TOP - BOTTOM)


def nice(least: float) -> float:
    """Return the smallest of 1, 2, 5, 10, 20, … that is not less."""
    if least <= 0:
        return 1.0
    power: float = 10 ** floor(log10(least))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least * 0.999)


def short(number: float) -> str:
    """Return a number as one says it: 1.5M, 20k, 120, 0.35."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g}{letter}"
    return f"{number:.3g}"
