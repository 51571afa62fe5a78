"""What keeps the jobs of a queue from being taken."""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs.inspect.workers import Worker, workers
from jobs.store.reader import Reader
from jobs.text import grouped


def queue_obstacles(queue: str, reader: Reader) -> Iterator[str]:
    """Yield what keeps every job of a queue from being taken, in sentences.

    It costs three round trips, O(workers).
    """
    counts = reader.counts([queue])[queue]
    if counts.is_paused:
        yield _("Queue %(queue)s is paused.") % {"queue": queue}
    if counts.most_running is not None and counts.running >= counts.most_running:
        yield _full(queue, counts.most_running)
    yield from _of_workers(queue, [each for each in workers(reader) if queue in each.queues])


def _of_workers(queue: str, serving: Sequence[Worker]) -> Iterator[str]:
    """Yield why none of the workers that serve a queue takes its jobs."""
    taking = [worker for worker in serving if not worker.is_quiet]
    if not serving:
        text = _("No live worker takes jobs from queue %(queue)s. Start one with: %(command)s")
        yield text % {"queue": queue, "command": f"python manage.py runjobs -q {queue}"}
    elif not taking:
        text = _("Every worker that serves queue %(queue)s is quiet and takes no more jobs.")
        yield text % {"queue": queue}
    elif all(worker.busy >= worker.concurrency for worker in taking):
        yield _busy(queue, taking)


def _full(queue: str, most: int) -> str:
    return ngettext(
        "Queue %(queue)s may run %(count)s job at a time, and does so now.",
        "Queue %(queue)s may run %(count)s jobs at a time, and does so now.",
        most,
    ) % {"count": grouped(most), "queue": queue}


def _busy(queue: str, taking: Sequence[Worker]) -> str:
    threads = sum(w.concurrency for w in taking)
    return ngettext(
        "The only thread of the workers that serve queue %(queue)s is busy.",
        "All %(count)s threads of the workers that serve queue %(queue)s are busy.",
        threads,
    ) % {"count": grouped(threads), "queue": queue}
