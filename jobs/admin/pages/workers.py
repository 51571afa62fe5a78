"""The workers: the processes that run jobs, and what each has in hand."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import inspect
from jobs.admin.access import page, reader_for
from jobs.admin.nav import address
from jobs.admin.responses import render
from jobs.conf import get_settings
from jobs.inspect import Worker
from jobs.store.reader import Reader

#: A worker without a heartbeat for so many seconds is called silent.
SILENT_SECONDS = 15.0
#: But not before it has missed so many heartbeats.
MOST_MISSED = 3


@dataclass(frozen=True, slots=True)
class RunningRow:
    """A job in hand, with the address of its page."""

    job_class: str
    job_id: str
    url: str
    queue: str
    since: datetime


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker, with what it runs and the addresses of its actions.

    The addresses are empty for a worker that the user may not control. Its threads are drawn as a
    bar, of which the busy ones fill a part.
    """

    worker: Worker
    running: tuple[RunningRow, ...]
    is_silent: bool
    quiet_url: str
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
    """All workers, and how many threads of all are busy."""

    rows: tuple[WorkerRow, ...]
    busy: int
    threads: int
    hosts: int


@page
def workers(request: HttpRequest) -> HttpResponse:
    """List the workers and what they run."""
    reader = reader_for(request)
    found = inspect.workers(reader)
    shared = shared_workers(reader)
    shown = WorkersPage(
        rows=tuple(_row(request, worker, is_shared=worker.name in shared) for worker in found),
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
    running = tuple(
        RunningRow(
            job_class=job.job_class,
            job_id=job.job_id,
            url=address(request, "jobs_job", job_id=job.job_id),
            queue=job.queue,
            since=job.since,
        )
        for job in worker.running
    )
    return WorkerRow(
        worker=worker,
        running=running,
        is_silent=silence.total_seconds() > longest,
        quiet_url=to("quiet"),
        stop_url=to("stop"),
    )
