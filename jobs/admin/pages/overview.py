"""The overview: whether work goes on, whether anything is late or broken, and whether Redis is well."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from jobs import inspect
from jobs.admin.access import page
from jobs.admin.charts import Chart, Series, bars
from jobs.admin.nav import Link, address
from jobs.admin.responses import render
from jobs.inspect import Server, Stats
from jobs.templatetags.jobs_format import duration, number, rate

#: The stretches that the history is shown for, in days.
STRETCHES = (1, 7, 30, 90, 180)
DEFAULT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Tile:
    """One number, and where it is explained. `mood` is "bad" where somebody should look."""

    title: str
    value: str
    url: str = ""
    mood: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole page. `has_worker`: some worker takes jobs."""

    tiles: tuple[Tile, ...]
    has_worker: bool
    waiting: int
    paused_queues: tuple[str, ...]
    chart: Chart
    stretches: tuple[Link, ...]
    server: Server


@page
def overview(request: HttpRequest) -> HttpResponse:
    """Show the state of everything."""
    days = _days(request)
    stats = inspect.stats()
    names = [queue.name for queue in stats.queues]
    shown = Overview(
        tiles=_tiles(request, stats, sum(inspect.queue_rates(names).values())),
        has_worker=any(not worker.is_quiet for worker in stats.workers),
        waiting=stats.total("ready"),
        paused_queues=tuple(queue.name for queue in stats.queues if queue.is_paused and queue.ready),
        chart=_day_chart(names) if days == 1 else _history_chart(days),
        stretches=tuple(Link(_stretch(each), f"?days={each}", is_current=each == days) for each in STRETCHES),
        server=inspect.server(),
    )
    return render(request, "overview", _("Overview"), shown)


def _days(request: HttpRequest) -> int:
    asked = request.GET.get("days", "")
    return next((days for days in STRETCHES if str(days) == asked), DEFAULT_DAYS)


def _stretch(days: int) -> str:
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


def _tiles(request: HttpRequest, stats: Stats, per_second: float) -> tuple[Tile, ...]:
    def to(name: str) -> str:
        return address(request, "jobs_set", name=name)

    queues, busy = address(request, "jobs_queues"), address(request, "jobs_workers")
    latency = max((queue.latency_seconds for queue in stats.queues), default=0.0)
    dead, failed = stats.total("dead"), stats.failed
    return (
        Tile(_("Processed"), number(stats.processed)),
        Tile(_("Failed"), number(failed), address(request, "jobs_failures")),
        Tile(_("Jobs per second"), rate(per_second), address(request, "jobs_metrics")),
        Tile(_("Latency"), duration(latency), queues),
        Tile(_("Running"), number(stats.total("running")), busy),
        Tile(_("Ready"), number(stats.total("ready")), queues),
        Tile(_("Scheduled"), number(stats.total("scheduled")), to("scheduled")),
        Tile(_("Retries"), number(stats.total("retry")), to("retry")),
        Tile(_("Dead"), number(dead), to("dead"), "bad" if dead else ""),
        Tile(_("Done"), number(stats.total("done")), to("done")),
    )


def _history_chart(days: int) -> Chart:
    found = inspect.history(days)
    labels = [date_format(day.date, pgettext("date format of a day in a chart", "M j")) for day in found]
    return _chart(labels, [day.processed for day in found], [day.failed for day in found])


def _day_chart(queues: Sequence[str]) -> Chart:
    """Return the last 24 hours in ten-minute slots, all queues together."""
    columns = list(zip(*(inspect.queue_metrics(queue, "1d").slots for queue in queues), strict=True))
    labels = [time_format(timezone.localtime(slots[0].at.astimezone(UTC)), "TIME_FORMAT") for slots in columns]
    runs = [sum(slot.runs for slot in slots) for slots in columns]
    return _chart(labels, runs, [sum(slot.failures for slot in slots) for slots in columns])


def _chart(labels: Sequence[str], runs: Sequence[int], failures: Sequence[int]) -> Chart:
    succeeded = [ran - failed for ran, failed in zip(runs, failures, strict=True)]
    summary = _("%(runs)s attempts ended, %(failures)s of them with an error.") % {
        "runs": number(sum(runs)),
        "failures": number(sum(failures)),
    }
    return bars(labels, [Series(_("Succeeded"), succeeded, "ok"), Series(_("Failed"), failures, "failed")], summary)
