"""The metrics: which job classes take the time, how long their runs last, and what a deploy has changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from jobs import inspect
from jobs.admin.access import page
from jobs.admin.charts import Chart, Mark, Series, bars, lines
from jobs.admin.nav import Link, address
from jobs.admin.responses import render
from jobs.inspect import ClassHistory, ClassMetrics
from jobs.registry import registry
from jobs.store.metrics import BOUNDS, BUCKETS
from jobs.templatetags.jobs_format import duration, number

WINDOW_TITLES: dict[str, Promise] = {
    "1h": gettext_lazy("1 hour"),
    "8h": gettext_lazy("8 hours"),
    "1d": gettext_lazy("1 day"),
    "3d": gettext_lazy("3 days"),
}


@dataclass(frozen=True, slots=True)
class MetricsRow:
    """A job class with its address and its share of all the time, in percent."""

    metrics: ClassMetrics
    url: str
    share: int


@dataclass(frozen=True, slots=True)
class MetricsPage:
    """All job classes over a window."""

    rows: tuple[MetricsRow, ...]
    windows: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class ClassPage:
    """One job class over a window: in numbers, over time, and by duration."""

    total: ClassMetrics
    windows: tuple[Link, ...]
    runs: Chart
    times: Chart
    histogram: Chart


@page
def metrics(request: HttpRequest) -> HttpResponse:
    """List the job classes that ran, by the time they took."""
    window = _window(request)
    found = inspect.metrics(window)
    whole = sum(each.seconds for each in found) or 1.0
    rows = tuple(
        MetricsRow(
            each,
            address(request, "jobs_class_metrics", name=each.name) + f"?in={window}",
            round(100 * each.seconds / whole),
        )
        for each in found
    )
    return render(request, "metrics", _("Metrics"), MetricsPage(rows, _windows(window)))


@page
def class_metrics(request: HttpRequest, name: str) -> HttpResponse:
    """Show one job class over time."""
    window = _window(request)
    history = inspect.class_metrics(name, window)
    if not history.total.runs and name not in registry.names():
        raise Http404(_("No job class %(name)s has run lately.") % {"name": name})
    labels = [_label(slot.at, window) for slot in history.slots]
    marks = _marks(history)
    shown = ClassPage(
        total=history.total,
        windows=_windows(window),
        runs=_runs(history, labels, marks),
        times=_times(history, labels, marks),
        histogram=_histogram(history.total),
    )
    trail = [Link(_("Metrics"), address(request, "jobs_metrics"))]
    return render(request, "class_metrics", name, shown, trail=trail)


def _window(request: HttpRequest) -> str:
    asked = request.GET.get("in", "")
    return asked if asked in WINDOW_TITLES else "1h"


def _windows(current: str) -> tuple[Link, ...]:
    return tuple(Link(title, f"?in={name}", is_current=name == current) for name, title in WINDOW_TITLES.items())


def _label(at: datetime, window: str) -> str:
    local = timezone.localtime(at)
    if window == "3d":
        return date_format(local, pgettext("date format of ten minutes in a chart", "M j, H:i"))
    return date_format(local, "H:i")


def _marks(history: ClassHistory) -> list[Mark]:
    first = history.slots[0].at
    places = (int((deploy.at - first).total_seconds() // history.step_seconds) for deploy in history.deploys)
    marks = zip(places, history.deploys, strict=True)
    return [Mark(place, deploy.label) for place, deploy in marks if 0 <= place < len(history.slots)]


def _runs(history: ClassHistory, labels: Sequence[str], marks: Sequence[Mark]) -> Chart:
    total = history.total
    summary = _("%(runs)s runs, %(failures)s of them failed.") % {
        "runs": number(total.runs),
        "failures": number(total.failures),
    }
    well = Series(_("Succeeded"), [slot.runs - slot.failures for slot in history.slots], "ok")
    return bars(
        labels, [well, Series(_("Failed"), [slot.failures for slot in history.slots], "failed")], summary, marks=marks
    )


def _times(history: ClassHistory, labels: Sequence[str], marks: Sequence[Mark]) -> Chart:
    means = [slot.seconds / slot.runs if slot.runs else 0.0 for slot in history.slots]
    summary = _("A run took %(mean)s on average.") % {"mean": duration(history.total.mean_seconds)}
    return lines(labels, [Series(_("Mean duration"), means)], summary, marks=marks, write=duration)


def _histogram(total: ClassMetrics) -> Chart:
    used = [n for n, count in enumerate(total.buckets) if count] or [0, BUCKETS - 1]
    shown = range(max(0, used[0] - 1), min(BUCKETS, used[-1] + 2))
    labels = [
        _("up to %(bound)s") % {"bound": duration(BOUNDS[n])}
        if n < len(BOUNDS)
        else _("over %(bound)s") % {"bound": duration(BOUNDS[-1])}
        for n in shown
    ]
    summary = _("Half of the runs took at most %(p50)s, 95 %% at most %(p95)s.") % {
        "p50": duration(total.p50),
        "p95": duration(total.p95),
    }
    return bars(labels, [Series(_("Runs"), [total.buckets[n] for n in shown])], summary)
