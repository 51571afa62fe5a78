"""The workers: the processes that run jobs, and what they have in hand."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import inspect
from jobs.admin.access import page, reader_for
from jobs.admin.nav import address
from jobs.admin.pages.running import RunningRow, running_rows, worker_address
from jobs.admin.responses import render
from jobs.conf import get_settings
from jobs.inspect import Worker
from jobs.store.reader import Reader

#: A worker without a heartbeat for so many seconds is called silent.
SILENT_SECONDS = 15.0
#: But not before it has missed so many heartbeats.
MOST_MISSED = 3
#: Jobs in the list of those that have run longest.
MOST_RUNNING = 10


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker, with the addresses of what it runs and of its actions.

    The addresses are empty for a worker that the user may not control. Its threads are drawn as a
    bar, of which the busy ones fill a part.
    """

    worker: Worker
    running_url: str
    is_silent: bool
    quiet_url: str
    unquiet_url: str
    stop_url: str

    @property
    def bar_width(self) -> int:
        """The share of its threads that are busy, in percent."""
        threads = max(1, self.worker.concurrency)
        return min(100, round(100 * self.worker.busy / threads))

    @property
    def leaves_for(self) -> str:
        """Why it is being replaced, empty if it is not."""
        sentences = {
            "memory": _("It is being replaced: it needs more memory than MAX_MEMORY_MB."),
            "jobs": _("It is being replaced: it has taken MAX_JOBS_PER_PROCESS jobs."),
            "overdue": _("It is being replaced: a job has not ended after its time limit."),
        }
        return sentences.get(self.worker.leaves_for, "")


@dataclass(frozen=True, slots=True)
class WorkersPage:
    """All workers, and the jobs that have run longest.

    `busy` is how many `threads` of all are busy.
    """

    rows: tuple[WorkerRow, ...]
    running: tuple[RunningRow, ...]
    running_total: int
    running_url: str
    busy: int
    threads: int
    hosts: int


@page
def workers(request: HttpRequest) -> HttpResponse:
    """List the workers and what they run."""
    reader = reader_for(request)
    found = inspect.workers(reader)
    shared = shared_workers(reader)
    at_work = inspect.at_work(limit=MOST_RUNNING, reader=reader, alive=found)
    shown = WorkersPage(
        rows=tuple(_row(request, worker, is_shared=worker.name in shared) for worker in found),
        running=running_rows(request, at_work.jobs),
        running_total=at_work.total,
        running_url=address(request, "jobs_running"),
        busy=sum(worker.busy for worker in found),
        threads=sum(worker.concurrency for worker in found),
        hosts=len({worker.host for worker in found}),
    )
    return render(request, "workers", _("Workers"), shown, problems=reader.problems)


def shared_workers(reader: Reader) -> set[str]:
    """Return the names of workers that also serve queues out of sight.

    Those who wait in these would miss such a worker, so it is not for everybody to stop.
    """
    sight = reader.sight
    if sight.sees_all_queues:
        return set()
    return {
        worker.name for worker in inspect.workers() if not all(map(sight.sees_queue, worker.queues))
    }


def _row(request: HttpRequest, worker: Worker, *, is_shared: bool) -> WorkerRow:
    def to(verb: str) -> str:
        if is_shared:
            return ""
        return address(request, "jobs_worker_action", name=worker.name, verb=verb)

    silence = timezone.now() - worker.beat_at
    longest = max(SILENT_SECONDS, MOST_MISSED * get_settings().heartbeat)
    return WorkerRow(
        worker=worker,
        running_url=worker_address(request, worker.name) if worker.running else "",
        is_silent=silence.total_seconds() > longest,
        quiet_url=to("quiet"),
        # One that has a successor stays quiet.
        unquiet_url=to("unquiet") if worker.is_quiet and not worker.leaves_for else "",
        stop_url=to("stop"),
    )
