"""The charts of the overview: runs, waits and job classes over time.

The last hours and days are drawn from metrics. Longer times are drawn from the counts of days,
which know neither waits nor job classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from jobs import inspect
from jobs.admin.charts import Chart, Series, lines
from jobs.admin.history_charts import Axis, axis_of_times, ended_chart
from jobs.admin.nav import Link, address
from jobs.inspect import Pulse
from jobs.inspect.pulse import ClassLine
from jobs.store.reader import Reader
from jobs.templatetags.jobs_format import duration, number

#: The name in the address, what its link says, and the title of the charts.
_WINDOWS: tuple[tuple[str, Promise, Promise], ...] = (
    ("1h", gettext_lazy("1 hour"), gettext_lazy("The last hour, by minutes")),
    ("8h", gettext_lazy("8 hours"), gettext_lazy("The last 8 hours, by ten minutes")),
    ("3d", gettext_lazy("3 days"), gettext_lazy("The last 3 days, by hours")),
    ("30d", gettext_lazy("30 days"), gettext_lazy("The last 30 days")),
    ("180d", gettext_lazy("180 days"), gettext_lazy("The last 180 days")),
)
#: The windows that are drawn from the counts of days.
_DAYS = {"30d": 30, "180d": 180}


@dataclass(frozen=True, slots=True)
class Recent:
    """The charts of one window.

    `waits` and `classes` are None where they are not kept for so long. The notes say what is
    missing.
    """

    title: str | Promise
    windows: tuple[Link, ...]
    runs: Chart
    waits: Chart | None
    classes: Chart | None
    other_classes: str
    metrics_url: str
    notes: tuple[str, ...]


def recent(request: HttpRequest, reader: Reader) -> Recent:
    """Return the charts of the window that the address asks for.

    Without one it is the last hour. It costs what `inspect.pulse` costs, or `inspect.history`.
    """
    titles = {name: title for name, _link, title in _WINDOWS}
    asked = request.GET.get("in", "")
    window = asked if asked in titles else "1h"
    drawn = _drawn_from_days if window in _DAYS else _drawn_from_metrics
    runs, waits, classes, others, notes = drawn(window, reader)
    return Recent(
        title=titles[window],
        windows=tuple(
            Link(title, f"?in={name}", is_current=name == window)
            for name, title, _title in _WINDOWS
        ),
        runs=runs,
        waits=waits,
        classes=classes,
        other_classes=_others(others),
        metrics_url=address(request, "jobs_metrics"),
        notes=tuple(filter(None, notes)),
    )


_Drawn = tuple[Chart, Chart | None, Chart | None, int, Sequence[str]]


def _drawn_from_days(window: str, reader: Reader) -> _Drawn:
    found = inspect.history(_DAYS[window], reader)
    labels = [_day(day.date) for day in found]
    ran = [day.processed for day in found]
    chart = _runs(ran, [day.failed for day in found], Axis(labels, []))
    notes = (
        _("A day is one of UTC."),
        _unfinished(ran),
        _unfilled(labels, ran),
        _("How long jobs waited, and which classes ran, is kept for 3 days."),
    )
    return chart, None, None, 0, notes


def _drawn_from_metrics(window: str, reader: Reader) -> _Drawn:
    found = inspect.pulse(window, reader)
    times = [beat.at for beat in found.beats]
    axis = axis_of_times(times, found.beat_seconds, found.deploys, window)
    ran = [beat.runs for beat in found.beats]
    partial = _("Of your queues, those that ran last are added up: 100 of them.")
    return (
        _runs(ran, [beat.failures for beat in found.beats], axis),
        _waits(found, axis),
        _classes(found.classes, axis),
        found.other_classes,
        (_unfinished(ran), _unfilled(axis.labels, ran), partial if found.is_partial else ""),
    )


def _unfinished(ran: Sequence[int]) -> str:
    return _("The pale bar is not over yet.") if ran[-1] else ""


def _unfilled(labels: Sequence[str], ran: Sequence[int]) -> str:
    """Return a note where most of a window lies before its first run."""
    first = next((n for n, runs in enumerate(ran) if runs), 0)
    if first <= len(ran) / 2 or not ran[first]:
        return ""
    return _("Before %(time)s nothing ran, or nobody counted.") % {"time": labels[first]}


def _others(count: int) -> str:
    if not count:
        return ""
    text = ngettext("%(count)s other class ran too.", "%(count)s other classes ran too.", count)
    return text % {"count": number(count)}


def _day(day: date) -> str:
    return date_format(day, pgettext("date format of a day in a chart", "M j"))


def _runs(ran: Sequence[int], failed: Sequence[int], axis: Axis) -> Chart:
    summary = _("%(runs)s attempts ended, %(failures)s of them with an error.") % {
        "runs": number(sum(ran)),
        "failures": number(sum(failed)),
    }
    return ended_chart(ran, failed, axis, summary)


def _waits(found: Pulse, axis: Axis) -> Chart:
    waits = [beat.waits if beat.waits.runs else None for beat in found.beats]
    half = Series(_("Half waited at most"), [each.p50 if each else None for each in waits], "line1")
    most = Series(_("95 % waited at most"), [each.p95 if each else None for each in waits], "line2")
    total = found.waits
    summary = _("No job began for the first time.")
    if total.runs:
        summary = _("Half of the jobs waited at most %(p50)s, 95 %% at most %(p95)s.") % {
            "p50": duration(total.p50),
            "p95": duration(total.p95),
        }
    return lines(axis.labels, [most, half], summary, marks=axis.marks, write=duration)


def _classes(found: Sequence[ClassLine], axis: Axis) -> Chart | None:
    """Return a line for each job class, None where none ran.

    The beat that is not over yet is left out: it would look as if everything had stopped.
    """
    if not found:
        return None
    has_past = any(any(each.runs[:-1]) for each in found)
    series = [
        Series(each.name, [*each.runs[:-1], None] if has_past else each.runs, f"line{n}")
        for n, each in enumerate(found, 1)
    ]
    counts = "; ".join(f"{each.name}: {number(sum(each.runs))}" for each in found)
    summary = _("Runs of each job class. %(counts)s") % {"counts": counts}
    return lines(axis.labels, series, summary, marks=axis.marks)
