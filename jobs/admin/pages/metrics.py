"""The metrics: which job classes take the time, and how long they run.

Marks show what a deploy has changed.
"""

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
from jobs.admin.access import page, reader_for
from jobs.admin.charts import Chart, Mark, Series, bars, lines
from jobs.admin.nav import Link, address
from jobs.admin.responses import render
from jobs.inspect import ClassHistory, ClassMetrics, ClassQueries
from jobs.registry import registry
from jobs.store.metrics import BOUNDS, BUCKETS
from jobs.templatetags.jobs_format import duration, number, rate

WINDOW_TITLES: dict[str, Promise] = {
    "1h": gettext_lazy("1 hour"),
    "8h": gettext_lazy("8 hours"),
    "1d": gettext_lazy("1 day"),
    "3d": gettext_lazy("3 days"),
}


@dataclass(frozen=True, slots=True)
class MetricsRow:
    """A job class with its address.

    `share` is its part of the time that all classes took, in percent.
    """

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
    #: None where no queries were counted.
    queries: ClassQueries | None
    queries_of_a_run: Chart | None


@page
def metrics(request: HttpRequest) -> HttpResponse:
    """List the job classes that ran, by the time they took."""
    window = _window(request)
    reader = reader_for(request)
    found = inspect.metrics(window, reader)
    whole = sum(each.seconds for each in found) or 1.0
    rows = tuple(
        MetricsRow(
            metrics=each,
            url=_class_url(request, each.name, window),
            share=round(100 * each.seconds / whole),
        )
        for each in found
    )
    shown = MetricsPage(rows, _windows(window))
    return render(request, "metrics", _("Metrics"), shown, problems=reader.problems)


@page
def class_metrics(request: HttpRequest, name: str) -> HttpResponse:
    """Show one job class over time."""
    window = _window(request)
    reader = reader_for(request)
    history = inspect.class_metrics(name, window, reader)
    # What cannot be read may hold its runs.
    may_have_run = history.total.runs or reader.problems
    # In this order: to look for the class of any name would import what the address says.
    is_there = may_have_run or name in registry.names()
    if not (is_there and inspect.sees_class(name, reader)):
        raise Http404(_("No job class %(name)s has run lately.") % {"name": name})
    queries = inspect.class_queries(name, window, reader)
    labels = [_label(slot.at, window) for slot in history.slots]
    marks = _marks(history)
    shown = ClassPage(
        total=history.total,
        windows=_windows(window),
        runs=_runs(history, labels, marks),
        times=_times(history, labels, marks),
        histogram=_histogram(history.total),
        queries=queries,
        queries_of_a_run=_queries(queries, labels, marks) if queries else None,
    )
    trail = [Link(_("Metrics"), address(request, "jobs_metrics"))]
    return render(request, "class_metrics", name, shown, trail=trail, problems=reader.problems)


def _class_url(request: HttpRequest, name: str, window: str) -> str:
    url = address(request, "jobs_class_metrics", name=name)
    return f"{url}?in={window}" if url else ""


def _window(request: HttpRequest) -> str:
    asked = request.GET.get("in", "")
    return asked if asked in WINDOW_TITLES else "1h"


def _windows(current: str) -> tuple[Link, ...]:
    return tuple(
        Link(title, f"?in={name}", is_current=name == current)
        for name, title in WINDOW_TITLES.items()
    )


def _label(at: datetime, window: str) -> str:
    local = timezone.localtime(at)
    if window == "3d":
        return date_format(local, pgettext("date format of ten minutes in a chart", "M j, H:i"))
    return date_format(local, "H:i")


def _marks(history: ClassHistory) -> list[Mark]:
    """Return a mark for each slot with deploys."""
    first = history.slots[0].at
    labels: dict[int, list[str]] = {}
    for deploy in history.deploys:
        after = (deploy.at - first).total_seconds()
        labels.setdefault(int(after // history.step_seconds), []).append(deploy.label)
    return [
        Mark(slot, ", ".join(found))
        for slot, found in labels.items()
        if 0 <= slot < len(history.slots)
    ]


def _runs(history: ClassHistory, labels: Sequence[str], marks: Sequence[Mark]) -> Chart:
    total = history.total
    summary = _("%(runs)s runs, %(failures)s of them failed.") % {
        "runs": number(total.runs),
        "failures": number(total.failures),
    }
    succeeded = [max(0, slot.runs - slot.failures) for slot in history.slots]
    failed = [slot.failures for slot in history.slots]
    series = [Series(_("Succeeded"), succeeded, "ok"), Series(_("Failed"), failed, "failed")]
    return bars(labels, series, summary, marks=marks)


def _times(history: ClassHistory, labels: Sequence[str], marks: Sequence[Mark]) -> Chart:
    means = [slot.seconds / slot.runs if slot.runs else 0.0 for slot in history.slots]
    summary = _("A run took %(mean)s on average.") % {"mean": duration(history.total.mean_seconds)}
    return lines(labels, [Series(_("Mean duration"), means)], summary, marks=marks, write=duration)


def _queries(found: ClassQueries, labels: Sequence[str], marks: Sequence[Mark]) -> Chart:
    summary = _("A run asked %(mean)s queries on average.") % {"mean": rate(found.mean)}
    series = [Series(_("Queries of a run"), found.slots)]
    return lines(labels, series, summary, marks=marks, write=rate)


def _histogram(total: ClassMetrics) -> Chart:
    """Return the buckets that hold runs, with one empty bucket on each side."""
    used = [n for n, count in enumerate(total.buckets) if count] or [0, BUCKETS - 1]
    first = max(0, used[0] - 1)
    last = min(BUCKETS - 1, used[-1] + 1)
    shown = range(first, last + 1)
    summary = _("Half of the runs took at most %(p50)s, 95 %% at most %(p95)s.") % {
        "p50": duration(total.p50),
        "p95": duration(total.p95),
    }
    runs = Series(_("Runs"), [total.buckets[n] for n in shown])
    return bars(list(map(_bucket_label, shown)), [runs], summary)


def _bucket_label(n: int) -> str:
    if n < len(BOUNDS):
        return _("up to %(bound)s") % {"bound": duration(BOUNDS[n])}
    return _("over %(bound)s") % {"bound": duration(BOUNDS[-1])}
