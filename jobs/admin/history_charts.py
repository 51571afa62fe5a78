"""The charts of what ran over a window.

They show how many runs there were, how long they took, and each as a dot.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from jobs.admin.charts import Chart, Series, bars, lines
from jobs.admin.dots import DotChart, with_dots
from jobs.admin.nav import Link
from jobs.admin.ticks import Mark
from jobs.inspect import Deploy, Slot
from jobs.templatetags.jobs_format import duration, number

WINDOW_TITLES: dict[str, Promise] = {
    "1h": gettext_lazy("1 hour"),
    "8h": gettext_lazy("8 hours"),
    "1d": gettext_lazy("1 day"),
    "3d": gettext_lazy("3 days"),
}


@dataclass(frozen=True, slots=True)
class Axis:
    """What all charts of a window share.

    It is a label for each slot, and the deploys.
    """

    labels: list[str]
    marks: list[Mark]


def window_of(request: HttpRequest) -> str:
    """Return the window that the address asks for, at first the last hour."""
    asked = request.GET.get("in", "")
    return asked if asked in WINDOW_TITLES else "1h"


def window_links(current: str, rest: str = "") -> tuple[Link, ...]:
    """Return a link for each window.

    `rest` is what else the address keeps, as `&sort=p95`.
    """
    return tuple(
        Link(title, f"?in={name}{rest}", is_current=name == current)
        for name, title in WINDOW_TITLES.items()
    )


def axis_of(
    slots: Sequence[Slot], step_seconds: int, deploys: Sequence[Deploy], window: str
) -> Axis:
    """Return the axis of a window, with a mark for each slot with deploys."""
    first = slots[0].at
    found: dict[int, list[str]] = {}
    for deploy in deploys:
        after = (deploy.at - first).total_seconds()
        found.setdefault(int(after // step_seconds), []).append(deploy.label)
    marks = [
        Mark(slot, ", ".join(labels)) for slot, labels in found.items() if 0 <= slot < len(slots)
    ]
    return Axis([_label(slot, window) for slot in slots], marks)


def runs_chart(slots: Sequence[Slot], axis: Axis) -> Chart:
    """Return how many runs succeeded and failed in each slot."""
    summary = _("%(runs)s runs, %(failures)s of them failed.") % {
        "runs": number(sum(slot.runs for slot in slots)),
        "failures": number(sum(slot.failures for slot in slots)),
    }
    succeeded = [max(0, slot.runs - slot.failures) for slot in slots]
    failed = [slot.failures for slot in slots]
    series = [Series(_("Succeeded"), succeeded, "ok"), Series(_("Failed"), failed, "failed")]
    return bars(axis.labels, series, summary, marks=axis.marks)


def times_chart(slots: Sequence[Slot], axis: Axis, summary: str) -> Chart:
    """Return the median and the 95th percentile of each slot.

    There is a gap where nothing ran.
    """
    series = [
        Series(_("Median"), [slot.percentile(50) for slot in slots]),
        Series("95 %", [slot.percentile(95) for slot in slots], "high"),
    ]
    return lines(axis.labels, series, summary, marks=axis.marks, write=duration)


def dots_chart(slots: Sequence[Slot], axis: Axis, summary: str) -> DotChart:
    """Return a dot for the runs of each slot that took about as long."""
    chart = times_chart(slots, axis, summary)
    return with_dots(chart, [slot.buckets for slot in slots])


def _label(slot: Slot, window: str) -> str:
    local = timezone.localtime(slot.at)
    if window == "3d":
        return date_format(local, pgettext("date format of ten minutes in a chart", "M j, H:i"))
    return date_format(local, "H:i")
