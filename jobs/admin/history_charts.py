"""The charts of what ran over a window.

They show how many runs there were, how long they took, and each as a dot.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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
    times = [slot.at for slot in slots]
    return axis_of_times(times, step_seconds, deploys, window)


def axis_of_times(
    times: Sequence[datetime], step_seconds: int, deploys: Sequence[Deploy], window: str
) -> Axis:
    """Return the axis of slots that begin at these times."""
    found: dict[int, list[str]] = {}
    for deploy in deploys:
        after = (deploy.at - times[0]).total_seconds()
        found.setdefault(int(after // step_seconds), []).append(deploy.label)
    marks = [
        Mark(slot, ", ".join(labels)) for slot, labels in found.items() if 0 <= slot < len(times)
    ]
    return Axis([_label(at, window) for at in times], marks)


def runs_chart(slots: Sequence[Slot], axis: Axis) -> Chart:
    """Return how many runs succeeded and failed in each slot."""
    runs, failures = [slot.runs for slot in slots], [slot.failures for slot in slots]
    summary = _("%(runs)s runs, %(failures)s of them failed.") % {
        "runs": number(sum(runs)),
        "failures": number(sum(failures)),
    }
    return ended_chart(runs, failures, axis, summary)


def ended_chart(runs: Sequence[int], failures: Sequence[int], axis: Axis, summary: str) -> Chart:
    """Return what succeeded and what failed, of so many runs in each slot."""
    succeeded = [max(0, ran - failed) for ran, failed in zip(runs, failures, strict=True)]
    series = [Series(_("Succeeded"), succeeded, "ok"), Series(_("Failed"), failures, "failed")]
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


def _label(at: datetime, window: str) -> str:
    local = timezone.localtime(at)
    if window == "3d":
        return date_format(local, pgettext("date format of ten minutes in a chart", "M j, H:i"))
    return date_format(local, "H:i")
