"""The queues: what each holds, how late it is, and how fast it goes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from jobs import inspect
from jobs.admin.access import page, reader_for
from jobs.admin.nav import address, asked_page
from jobs.admin.responses import render
from jobs.inspect import Queue, Stats
from jobs.store.reader import Reader, SetName

#: Queues on one page.
PAGE_SIZE = 200


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue with its address.

    The address is empty if the queue has no page. `per_second` is how many of its jobs end in a
    second.
    """

    queue: Queue
    url: str
    per_second: float
    workers: int


@dataclass(frozen=True, slots=True)
class QueuesPage:
    """Some of the queues, in all `total`.

    `is_fresh` is true if nothing was ever enqueued. `left` are so many that nothing uses any more.
    They are left out unless all were asked for.
    """

    rows: tuple[QueueRow, ...]
    total: int
    left: int
    is_fresh: bool
    next_url: str
    previous_url: str
    set_sizes: dict[SetName, int]


@page
def queues(request: HttpRequest) -> HttpResponse:
    """List the queues, 200 on a page."""
    reader = reader_for(request)
    stats = inspect.stats(reader)
    wants_all = "all" in request.GET
    left = frozenset() if wants_all else stats.left_queues
    found = [queue for queue in stats.queues if queue.name not in left]
    number = _page_number(request, len(found))
    first = (number - 1) * PAGE_SIZE
    last = first + PAGE_SIZE
    path = "?all&page=" if wants_all else "?page="
    shown = QueuesPage(
        rows=_rows(request, reader, stats, found[first:last]),
        total=len(found),
        left=len(left),
        is_fresh=not any(map(_is_used, stats.queues)),
        next_url=f"{path}{number + 1}" if last < len(found) else "",
        previous_url=f"{path}{number - 1}" if number > 1 else "",
        set_sizes=stats.set_sizes(),
    )
    return render(request, "queues", _("Queues"), shown, problems=reader.problems)


def _rows(
    request: HttpRequest, reader: Reader, stats: Stats, shown: Sequence[Queue]
) -> tuple[QueueRow, ...]:
    rates = inspect.queue_rates([queue.name for queue in shown], reader)
    active = [worker for worker in stats.workers if worker.takes_jobs]
    taken = Counter(name for worker in active for name in worker.queues)
    return tuple(
        QueueRow(
            queue=queue,
            url=address(request, "jobs_queue", queue=queue.name),
            per_second=rates[queue.name],
            workers=taken[queue.name],
        )
        for queue in shown
    )


def _page_number(request: HttpRequest, total: int) -> int:
    """Return the page that is asked for, or the nearest that there is."""
    return min(max(asked_page(request), 1), max(1, ceil(total / PAGE_SIZE)))


def _is_used(queue: Queue) -> bool:
    waiting = queue.ready + queue.scheduled + queue.retry
    return bool(waiting + queue.running + queue.dead + queue.done + queue.processed)
