"""The table of queues on the overview: what each holds, and what serves it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest

from jobs import inspect
from jobs.admin.nav import address
from jobs.admin.tiles import is_late
from jobs.inspect import Queue, Stats, Worker
from jobs.store.reader import Reader

#: Most queues in the table. Where there are more, those in need come first.
MOST_QUEUES = 12


@dataclass(frozen=True, slots=True)
class ServedQueue:
    """A queue, with what serves it.

    `threads` are those of all workers that take its jobs. They may serve other queues too.
    """

    queue: Queue
    url: str
    per_second: float
    workers: int
    threads: int
    is_late: bool


@dataclass(frozen=True, slots=True)
class QueueTable:
    """Some of the queues.

    In all there are `total`, and the address is that of the page with all of them.
    """

    rows: tuple[ServedQueue, ...]
    total: int
    url: str


def queue_table(request: HttpRequest, reader: Reader, stats: Stats) -> QueueTable:
    """Return the table. It costs two round trips."""
    left = stats.left_queues
    used = [queue for queue in stats.queues if queue.name not in left]
    taking = [worker for worker in stats.workers if worker.takes_jobs]
    chosen = _chosen(used, {name for worker in taking for name in worker.queues})
    rates = inspect.queue_rates([queue.name for queue in chosen], reader)
    return QueueTable(
        rows=tuple(_row(request, queue, taking, rates[queue.name]) for queue in chosen),
        total=len(used),
        url=address(request, "jobs_queues"),
    )


def _chosen(queues: Sequence[Queue], served: set[str]) -> list[Queue]:
    """Return all queues, or of many those in need and then the fullest."""
    if len(queues) <= MOST_QUEUES:
        return list(queues)

    def need(queue: Queue) -> tuple[bool, bool, float, int]:
        is_forlorn = bool(queue.size) and (queue.name not in served or queue.is_paused)
        return is_forlorn, queue.has_no_room, queue.latency_seconds, queue.size

    return sorted(queues, key=need, reverse=True)[:MOST_QUEUES]


def _row(
    request: HttpRequest, queue: Queue, taking: Sequence[Worker], per_second: float
) -> ServedQueue:
    serving = [worker for worker in taking if queue.name in worker.queues]
    return ServedQueue(
        queue=queue,
        url=address(request, "jobs_queue", queue=queue.name),
        per_second=per_second,
        workers=len(serving),
        threads=sum(worker.concurrency for worker in serving),
        is_late=is_late(queue),
    )
