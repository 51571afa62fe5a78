"""The queues: what stands where, how late each is, and how fast it goes."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from jobs import inspect
from jobs.admin.access import page
from jobs.admin.nav import address
from jobs.admin.responses import render
from jobs.inspect import Queue


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue with its address (empty without a page for it) and how many of its jobs end per second."""

    queue: Queue
    url: str
    per_second: float
    workers: int


@dataclass(frozen=True, slots=True)
class QueuesPage:
    """All queues. `is_fresh`: nothing was ever enqueued."""

    rows: tuple[QueueRow, ...]
    is_fresh: bool


@page
def queues(request: HttpRequest) -> HttpResponse:
    """List the queues."""
    stats = inspect.stats()
    rates = inspect.queue_rates([queue.name for queue in stats.queues])
    taken = [name for worker in stats.workers if not worker.is_quiet for name in worker.queues]
    rows = tuple(
        QueueRow(queue, address(request, "jobs_queue", queue=queue.name), rates[queue.name], taken.count(queue.name))
        for queue in stats.queues
    )
    return render(request, "queues", _("Queues"), QueuesPage(rows, is_fresh=not any(map(_is_used, stats.queues))))


def _is_used(queue: Queue) -> bool:
    waiting = queue.ready + queue.scheduled + queue.retry
    return bool(waiting + queue.running + queue.dead + queue.done + queue.processed)
