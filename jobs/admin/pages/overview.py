"""The overview: whether all is well, and what goes on.

The judgement comes first, with what is wrong. Then come the numbers of now, the last hour, the
queues with what serves them, Redis, and totals.
"""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs import inspect
from jobs.admin.access import page, reader_for
from jobs.admin.nav import address
from jobs.admin.queue_table import QueueTable, queue_table
from jobs.admin.recent import Recent, recent
from jobs.admin.responses import render
from jobs.admin.tiles import Tile, tiles_of_now, tiles_of_sets
from jobs.inspect import Queue, Server, Stats
from jobs.problem import Problem
from jobs.store.reader import SetName

#: Most paused queues that are named.
MOST_PAUSED = 10


@dataclass(frozen=True, slots=True)
class Told:
    """A problem, and the address of the page where it is looked into."""

    problem: Problem
    url: str


@dataclass(frozen=True, slots=True)
class PausedQueue:
    """A paused queue in which jobs wait, and the address of its page."""

    queue: Queue
    url: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole page.

    `verdict` says in a few words whether all is well. `lacks_worker` is true where no worker takes
    jobs and that is no problem, as on a new system.
    """

    verdict: str
    problems: tuple[Told, ...]
    lacks_worker: bool
    paused: tuple[PausedQueue, ...]
    now: tuple[Tile, ...]
    sets: tuple[Tile, ...]
    recent: Recent
    queues: QueueTable
    server: Server
    stats: Stats
    set_sizes: dict[SetName, int]


@page
def overview(request: HttpRequest) -> HttpResponse:
    """Show the state of everything."""
    reader = reader_for(request)
    stats = inspect.stats(reader)
    pace = inspect.pace(reader)
    charts = recent(request, reader)
    table = queue_table(request, reader, stats)
    server = inspect.server(reader)
    found = inspect.problems(reader, stats)  # the last, so that it names all that cannot be read
    is_unstaffed = not any(worker.takes_jobs for worker in stats.workers)
    lacks_worker = is_unstaffed and all(each.kind != "workers_missing" for each in found)
    paused = [queue for queue in stats.queues if queue.is_paused and queue.ready]
    shown = Overview(
        verdict=_verdict(len(found), len(paused), lacks_worker=lacks_worker),
        problems=tuple(_told(request, problem) for problem in found),
        lacks_worker=lacks_worker,
        paused=tuple(
            PausedQueue(queue, address(request, "jobs_queue", queue=queue.name))
            for queue in paused[:MOST_PAUSED]
        ),
        now=tiles_of_now(request, stats, pace, found),
        sets=tiles_of_sets(request, stats),
        recent=charts,
        queues=table,
        server=server,
        stats=stats,
        set_sizes=stats.set_sizes(),
    )
    return render(request, "overview", _("Overview"), shown)


def _verdict(count: int, paused: int, *, lacks_worker: bool) -> str:
    if not count and paused:
        text = ngettext(
            "No problem, but a queue is paused", "No problem, but %(n)d queues are paused", paused
        )
        return text % {"n": paused}
    if not count:
        return _("Nothing to do, and no worker") if lacks_worker else _("All well")
    return ngettext("%(count)d problem", "%(count)d problems", count) % {"count": count}


def _told(request: HttpRequest, problem: Problem) -> Told:
    if not problem.where:
        return Told(problem, "")
    is_here = problem.where.startswith("#")
    home = "" if is_here else address(request, "jobs_overview")
    return Told(problem, f"{home}{problem.where}")
