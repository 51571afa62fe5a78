"""The metrics: which job classes take the time, and how long they run.

Marks show what a deploy has changed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs import inspect
from jobs.admin.access import page, reader_for
from jobs.admin.charts import Chart, Series, bars, lines
from jobs.admin.dots import DotChart
from jobs.admin.history_charts import (
    Axis,
    axis_of,
    dots_chart,
    runs_chart,
    times_chart,
    window_links,
    window_of,
)
from jobs.admin.nav import Link, address
from jobs.admin.responses import render
from jobs.inspect import ClassMetrics, ClassQueries
from jobs.registry import registry
from jobs.store.metrics import BOUNDS, BUCKETS
from jobs.templatetags.jobs_format import duration, number, rate

#: The columns of the table: the name in the address, the title, and what is sorted by.
COLUMNS: tuple[tuple[str, str | Promise, Callable[[ClassMetrics], float | str]], ...] = (
    ("name", gettext_lazy("Job class"), lambda each: each.name.lower()),
    ("runs", gettext_lazy("Runs"), lambda each: each.runs),
    ("failed", gettext_lazy("Failed"), lambda each: each.failing),
    ("time", gettext_lazy("Total time"), lambda each: each.seconds),
    ("mean", gettext_lazy("Mean"), lambda each: each.mean_seconds),
    ("p50", gettext_lazy("Median"), lambda each: each.p50),
    ("p95", "95 %", lambda each: each.p95),
    ("p99", "99 %", lambda each: each.p99),
)
#: What the table is sorted by at first.
FIRST = "time"


@dataclass(frozen=True, slots=True)
class Column:
    """A column that can be sorted by.

    `order` is "ascending" or "descending" where it is.
    """

    title: str | Promise
    url: str
    is_number: bool
    order: str


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
    columns: tuple[Column, ...]
    windows: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class ClassPage:
    """One job class over a window: in numbers, over time, and by duration."""

    total: ClassMetrics
    windows: tuple[Link, ...]
    failed_url: str
    runs: Chart
    times: Chart
    dots: DotChart
    histogram: Chart
    #: None where no queries were counted.
    queries: ClassQueries | None
    queries_of_a_run: Chart | None


@page
def metrics(request: HttpRequest) -> HttpResponse:
    """List the job classes that ran, in the order that was asked for."""
    window = window_of(request)
    reader = reader_for(request)
    found = inspect.metrics(window, reader)
    whole = sum(each.seconds for each in found) or 1.0
    sort = _sort_of(request)
    rows = tuple(
        MetricsRow(
            metrics=each,
            url=_class_url(request, each.name, window),
            share=round(100 * each.seconds / whole),
        )
        for each in _sorted(found, sort)
    )
    rest = "" if sort == FIRST else f"&sort={sort}"
    shown = MetricsPage(rows, _columns(window, sort), window_links(window, rest))
    return render(request, "metrics", _("Metrics"), shown, problems=reader.problems)


@page
def class_metrics(request: HttpRequest, name: str) -> HttpResponse:
    """Show one job class over time."""
    window = window_of(request)
    reader = reader_for(request)
    history = inspect.class_metrics(name, window, reader)
    # What cannot be read may hold its runs.
    may_have_run = history.total.runs or reader.problems
    # In this order: to look for the class of any name would import what the address says.
    is_there = may_have_run or name in registry.names()
    if not (is_there and inspect.sees_class(name, reader)):
        raise Http404(_("No job class %(name)s has run lately.") % {"name": name})
    queries = inspect.class_queries(name, window, reader)
    slots, total = history.slots, history.total
    axis = axis_of(slots, history.step_seconds, history.deploys, window)
    shown = ClassPage(
        total=total,
        windows=window_links(window),
        failed_url=address(request, "jobs_failures"),
        runs=runs_chart(slots, axis),
        times=times_chart(slots, axis, _times_summary(total)),
        dots=dots_chart(slots, axis, _times_summary(total)),
        histogram=_histogram(total),
        queries=queries,
        queries_of_a_run=_queries(queries, axis) if queries else None,
    )
    trail = [Link(_("Metrics"), address(request, "jobs_metrics"))]
    return render(request, "class_metrics", name, shown, trail=trail, problems=reader.problems)


def _class_url(request: HttpRequest, name: str, window: str) -> str:
    url = address(request, "jobs_class_metrics", name=name)
    return f"{url}?in={window}" if url else ""


def _sort_of(request: HttpRequest) -> str:
    """Return the column to sort by. A "-" before it turns the order round."""
    asked = request.GET.get("sort", "")
    names = [name for name, _title, _value in COLUMNS]
    return asked if asked.removeprefix("-") in names else FIRST


def _sorted(found: Sequence[ClassMetrics], sort: str) -> list[ClassMetrics]:
    """Return the classes in order.

    Names go from A on, numbers from the highest down.
    """
    values = {name: value for name, _title, value in COLUMNS}
    column = sort.removeprefix("-")
    is_turned = sort.startswith("-")
    return sorted(found, key=values[column], reverse=is_turned == (column == "name"))


def _columns(window: str, sort: str) -> tuple[Column, ...]:
    return tuple(
        Column(
            title=title,
            url=f"?in={window}&sort={'-' if name == sort else ''}{name}",
            is_number=name != "name",
            order=_order_of(name, sort),
        )
        for name, title, _value in COLUMNS
    )


def _order_of(column: str, sort: str) -> str:
    if column != sort.removeprefix("-"):
        return ""
    is_turned = sort.startswith("-")
    return "ascending" if is_turned == (column != "name") else "descending"


def _times_summary(total: ClassMetrics) -> str:
    return _("Half of the runs took at most %(p50)s, 95 %% at most %(p95)s.") % {
        "p50": duration(total.p50),
        "p95": duration(total.p95),
    }


def _queries(found: ClassQueries, axis: Axis) -> Chart:
    summary = _("A run asked %(mean)s queries on average.") % {"mean": rate(found.mean)}
    series = [Series(_("Queries of a run"), found.slots)]
    return lines(axis.labels, series, summary, marks=axis.marks, write=_mean)


def _mean(value: float) -> str:
    """Write a mean without decimals where it has none: 12, 4.2."""
    return number(value, 0 if value.is_integer() else 1)


def _histogram(total: ClassMetrics) -> Chart:
    """Return the buckets that hold runs, with one empty bucket on each side."""
    used = [n for n, count in enumerate(total.buckets) if count] or [0, BUCKETS - 1]
    first = max(0, used[0] - 1)
    last = min(BUCKETS - 1, used[-1] + 1)
    shown = range(first, last + 1)
    runs = Series(_("Runs"), [total.buckets[n] for n in shown])
    return bars(list(map(_bucket_label, shown)), [runs], _times_summary(total))


def _bucket_label(n: int) -> str:
    if n < len(BOUNDS):
        return _("up to %(bound)s") % {"bound": duration(BOUNDS[n])}
    return _("over %(bound)s") % {"bound": duration(BOUNDS[-1])}
