"""Rule: fewer workers take jobs than CHECK_MIN_WORKERS.

A deploy ends workers before it starts others. So the shortage must have lasted for GRACE seconds.
That does not hold where no worker is left and a queue is late: then it is said at once.
When it began is known from the workers themselves: when they started, when they left their
queues, when they became quiet, when they were last seen. One that stops in good order counts
until it has ended. Where no queue was ever used there is nothing to do, and no problem.
On a Redis that is full, or was away a moment ago, nobody can tell.
"""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from jobs.inspect.problems.facts import Facts
from jobs.inspect.workers import Worker
from jobs.moment import moment
from jobs.problem import Problem

#: How long a deploy may leave jobs without a worker. Seconds.
GRACE = 45.0


def judge_staff(facts: Facts) -> Iterator[Problem]:
    """Yield a problem if too few workers take jobs."""
    needed = facts.limits.min_workers
    taking = [worker for worker in facts.live if is_there(worker)]
    if len(taking) >= needed or not facts.has_been_used or not facts.hears_workers:
        return
    since = _short_since(facts, taking, needed)
    began = since if since is not None else _first_need(facts, taking)
    may_be_deploy = began is not None and facts.now - began < GRACE
    if may_be_deploy and (taking or not _is_late(facts)):
        return
    remedy = _("Start one with: python manage.py runjobs")
    at = None if since is None else moment(since)
    yield Problem("", _reason(len(taking), needed), remedy, "workers_missing", at, "workers/")


def _reason(taking: int, needed: int) -> str:
    if not taking:
        return _("No worker takes jobs.")
    text = _("Only %(taking)s of %(needed)s workers take jobs.")
    return text % {"taking": taking, "needed": needed}


def is_there(worker: Worker) -> bool:
    """Whether a worker takes jobs, or is about to end in good order."""
    return bool(worker.queues) and (worker.is_stopping or not worker.is_quiet)


def _is_late(facts: Facts) -> bool:
    """Whether a job has waited for a worker for longer than one may."""
    limit = facts.limits.max_latency
    return any(each.waited_at(facts.now) > limit for each in facts.queues)


def _short_since(facts: Facts, taking: Sequence[Worker], needed: int) -> float | None:
    """Return since when there have been too few, None where nothing tells it.

    It goes back in time and undoes each start and each end, until there were enough.
    """
    living = {worker.name for worker in taking}
    ends = facts.silent
    for name, at in facts.ended.items():
        # One that others took the jobs back from had been silent before.
        ends[name] = min(at, facts.seen.get(name, at))
    for worker in facts.live:
        if worker.name not in living and worker.quiet_since:
            ends[worker.name] = worker.quiet_since.timestamp()
    changes = [(at, 1) for name, at in ends.items() if name not in living]
    changes += [(worker.started_at.timestamp(), -1) for worker in taking if worker.started_at]
    count = len(taking)
    for at, change in sorted(changes, reverse=True):
        count += change
        if count >= needed:
            return at
    return None


def _first_need(facts: Facts, taking: Sequence[Worker]) -> float | None:
    """Return when the last worker started, or the first job began to wait."""
    starts = [worker.started_at.timestamp() for worker in taking if worker.started_at]
    waiting = [each.waiting_since for each in facts.queues if each.waiting_since is not None]
    return max(starts, default=min(waiting, default=None))
