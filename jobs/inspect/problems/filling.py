"""Rule: a queue with a limit in QUEUE_LIMITS is full, or nearly.

It is when the jobs that have not ended are more than CHECK_FULLNESS of the limit. A full one
refuses new jobs, so requests fail. What helps depends on what fills it. A problem that was told of
ends five percent lower, so that it does not come and go.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from jobs.inspect.problems.facts import Facts
from jobs.inspect.problems.keeping import EASE
from jobs.inspect.problems.lateness import page_of
from jobs.inspect.queues import Queue
from jobs.problem import Problem
from jobs.text import grouped


def judge_filling(facts: Facts) -> Iterator[Problem]:
    """Yield a problem for each queue that is full, or nearly."""
    for each in facts.queues:
        queue = each.queue
        if queue.size_limit is None:
            continue
        note = facts.notes.get(f"queue_full:{queue.name}")
        ease = EASE if note and note.is_open_at(facts.now) else 0
        share = queue.size / queue.size_limit
        if queue.has_no_room or share > facts.limits.fullness - ease:
            yield _problem(queue, queue.size_limit)


def _problem(queue: Queue, limit: int) -> Problem:
    reason = _("Queue %(queue)s is nearly full: it holds %(size)s of at most %(limit)s jobs.")
    if queue.has_no_room:
        reason = _(
            "Queue %(queue)s is full: it holds %(size)s of at most %(limit)s jobs. "
            "New ones are refused with QueueFull."
        )
    numbers = {"queue": queue.name, "size": grouped(queue.size), "limit": grouped(limit)}
    remedy, page = _remedy(queue), page_of(queue.name)
    return Problem(queue.name, reason % numbers, remedy, "queue_full", None, page)


def _remedy(queue: Queue) -> str:
    """Return what makes room.

    Workers take neither what is paused nor what is not due.
    """
    if queue.is_paused:
        return _("It is paused. Resume it, or raise its limit in JOBS['QUEUE_LIMITS'].")
    half = queue.size / 2
    if queue.retry > half:
        return _(
            "Most of its jobs have failed and wait for another attempt. "
            "Find out why, or raise its limit in JOBS['QUEUE_LIMITS']."
        )
    if queue.scheduled > half:
        return _(
            "Most of its jobs are scheduled for later. "
            "Delete those that nobody needs, or raise its limit in JOBS['QUEUE_LIMITS']."
        )
    return _("Start more workers, or raise its limit in JOBS['QUEUE_LIMITS'].")
