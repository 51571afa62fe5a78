"""The overview: whether work goes on and Redis is well.

It also shows whether anything is late or broken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from jobs import inspect
from jobs.admin.access import page, reader_for
from jobs.admin.charts import Chart, Series, bars
from jobs.admin.nav import Link, address
from jobs.admin.responses import render
from jobs.inspect import Server, Stats
from jobs.problem import Problem
from jobs.store.reader import Reader
from jobs.templatetags.jobs_format import duration, number, rate

#: How far back the history can be shown, in days.
STRETCHES = (1, 7, 30, 90, 180)
DEFAULT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Tile:
    """One number, and the address of the page that explains it.

    `mood` is "bad" where somebody should look.
    """

    title: str
    value: str
    url: str = ""
    mood: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A problem, and the address of the page where it is looked into."""

    problem: Problem
    url: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole page.

    `verdict` says in a few words whether all is well. `lacks_worker` is true where no worker takes
    jobs and that is no problem, as on a new system.
    """

    verdict: str
    problems: tuple[Told, ...]
    tiles: tuple[Tile, ...]
    lacks_worker: bool
    paused_queues: tuple[str, ...]
    chart: Chart
    stretches: tuple[Link, ...]
    server: Server


@page
def overview(request: HttpRequest) -> HttpResponse:
    """Show the state of everything."""
    days = _days(request)
    reader = reader_for(request)
    stats = inspect.stats(reader)
    names = [queue.name for queue in stats.queues]
    rates = inspect.queue_rates(names, reader)
    paused = [queue for queue in stats.queues if queue.is_paused]
    chart = _day_chart(names, reader) if days == 1 else _history_chart(days, reader)
    server = inspect.server(reader)
    found = inspect.problems(reader, stats)  # the last, so that it names all that cannot be read
    is_unstaffed = not any(worker.takes_jobs for worker in stats.workers)
    shown = Overview(
        verdict=_verdict(len(found)),
        problems=tuple(_told(request, problem) for problem in found),
        tiles=_tiles(request, stats, sum(rates.values())),
        lacks_worker=is_unstaffed and all(each.kind != "workers_missing" for each in found),
        paused_queues=tuple(queue.name for queue in paused if queue.ready),
        chart=chart,
        stretches=tuple(_stretch(each, days) for each in STRETCHES),
        server=server,
    )
    return render(request, "overview", _("Overview"), shown)


def _verdict(count: int) -> str:
    if not count:
        return _("All well")
    return ngettext("%(count)d problem", "%(count)d problems", count) % {"count": count}


def _told(request: HttpRequest, problem: Problem) -> Told:
    if not problem.where:
        return Told(problem, "")
    is_here = problem.where.startswith("#")
    home = "" if is_here else address(request, "jobs_overview")
    return Told(problem, f"{home}{problem.where}")


def _days(request: HttpRequest) -> int:
    choices = {str(days): days for days in STRETCHES}
    return choices.get(request.GET.get("days", ""), DEFAULT_DAYS)


def _stretch(days: int, current: int) -> Link:
    title = ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
    return Link(title, f"?days={days}", is_current=days == current)


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


def _history_chart(days: int, reader: Reader) -> Chart:
    found = inspect.history(days, reader)
    format_ = pgettext("date format of a day in a chart", "M j")
    labels = [date_format(day.date, format_) for day in found]
    return _chart(labels, [day.processed for day in found], [day.failed for day in found])


def _day_chart(queues: Sequence[str], reader: Reader) -> Chart:
    """Return the last 24 hours in ten-minute slots, all queues together."""
    slots = inspect.queue_slots(queues, "1d", reader)
    times = [timezone.localtime(slot.at.astimezone(UTC)) for slot in slots]
    labels = [date_format(at, "H:i") for at in times]
    return _chart(labels, [slot.runs for slot in slots], [slot.failures for slot in slots])


def _chart(labels: Sequence[str], runs: Sequence[int], failures: Sequence[int]) -> Chart:
    succeeded = [max(0, ran - failed) for ran, failed in zip(runs, failures, strict=True)]
    summary = _("%(runs)s attempts ended, %(failures)s of them with an error.") % {
        "runs": number(sum(runs)),
        "failures": number(sum(failures)),
    }
    series = [Series(_("Succeeded"), succeeded, "ok"), Series(_("Failed"), failures, "failed")]
    return bars(labels, series, summary)
