"""A small chart of when the failures of a group came.

It shows the deploys between them, and is drawn by `_sparkline.html`. The summary says in words what
it shows.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from jobs.inspect.failure_times import FailureTimes
from jobs.templatetags.jobs_format import number

#: The size of the plot, in its own units.
WIDTH, HEIGHT = 150, 32
#: The least height of a slot in which anything failed.
LEAST = 3
SPAN_NAMES: dict[int, str | Promise] = {
    3_600: gettext_lazy("last hour"),
    8 * 3_600: gettext_lazy("last 8 hours"),
    86_400: gettext_lazy("last 24 hours"),
    3 * 86_400: gettext_lazy("last 3 days"),
    8 * 86_400: gettext_lazy("last 8 days"),
    30 * 86_400: gettext_lazy("last 30 days"),
    180 * 86_400: gettext_lazy("last 180 days"),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """The failures of one slot, in units of the plot."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class DeployLine:
    """A deploy, as an upright line."""

    x: int
    label: str


@dataclass(frozen=True, slots=True)
class Sparkline:
    """All that the template draws."""

    bars: tuple[Bar, ...]
    deploys: tuple[DeployLine, ...]
    span: str | Promise
    summary: str
    width: int = WIDTH
    height: int = HEIGHT


def sparkline(times: FailureTimes) -> Sparkline:
    """Return the chart of these times."""
    room = WIDTH // len(times.counts)
    top = max(times.counts) or 1
    heights = [max(LEAST, round(count / top * HEIGHT)) if count else 0 for count in times.counts]
    return Sparkline(
        bars=tuple(
            Bar(n * room, HEIGHT - height, room - 1, height)
            for n, height in enumerate(heights)
            if height
        ),
        deploys=tuple(
            DeployLine(times.slot_of(each.at) * room, each.label) for each in times.deploys
        ),
        span=SPAN_NAMES[times.span_seconds],
        summary=_summary(times),
    )


def _summary(times: FailureTimes) -> str:
    count = sum(times.counts)
    text = ngettext("%(count)s failure, %(span)s", "%(count)s failures, %(span)s", count)
    said = text % {"count": number(count), "span": SPAN_NAMES[times.span_seconds]}
    if times.deploys:
        labels = ", ".join(each.label for each in times.deploys)
        said += ". " + _("Deploys: %(labels)s") % {"labels": labels}
    return said
