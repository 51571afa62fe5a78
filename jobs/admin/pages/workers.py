"""The workers: the processes that run jobs, and what each has in hand."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import inspect
from jobs.admin.access import page
from jobs.admin.nav import address
from jobs.admin.responses import render
from jobs.inspect import Worker

#: A worker tells of itself every five seconds; after so many it is missed.
SILENT_SECONDS = 15


@dataclass(frozen=True, slots=True)
class RunningRow:
    """A job in hand, with the address of its page."""

    job_id: str
    url: str
    queue: str
    since: datetime


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker; its threads as a bar of so many places, of which some are taken."""

    worker: Worker
    running: tuple[RunningRow, ...]
    is_silent: bool
    quiet_url: str
    stop_url: str

    @property
    def bar_width(self) -> int:
        """The busy threads in percent."""
        return min(100, round(100 * self.worker.busy / max(1, self.worker.concurrency)))


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
    found = inspect.workers()
    shown = WorkersPage(
        rows=tuple(_row(request, worker) for worker in found),
        busy=sum(worker.busy for worker in found),
        threads=sum(worker.concurrency for worker in found),
        hosts=len({worker.host for worker in found}),
    )
    return render(request, "workers", _("Workers"), shown)


def _row(request: HttpRequest, worker: Worker) -> WorkerRow:
    silent = (timezone.now() - worker.beat_at).total_seconds() > SILENT_SECONDS
    running = tuple(
        RunningRow(job.job_id, address(request, "jobs_job", job_id=job.job_id), job.queue, job.since)
        for job in worker.running
    )
    quiet, stop = (address(request, "jobs_worker_action", name=worker.name, verb=verb) for verb in ("quiet", "stop"))
    return WorkerRow(worker, running, silent, quiet, stop)
