"""Rule: the dead set of a queue grows, or is nearly full.

A dead job is not tried again: it waits for a person. More than CHECK_DEATHS deaths within an hour
are a problem until the hour is over. What people kill counts too. A full dead set drops its
oldest jobs, so one that is filled by more than CHECK_FULLNESS of DEAD_MAX_JOBS is a problem until
it is emptied.
"""

from collections.abc import Iterator
from urllib.parse import quote

from django.utils.translation import gettext as _

from jobs.inspect.problems.facts import Facts, QueueFacts
from jobs.moment import moment
from jobs.problem import Problem
from jobs.text import grouped, shown


def judge_deaths(facts: Facts) -> Iterator[Problem]:
    """Yield a problem for each dead set that grows or is nearly full."""
    most = facts.limits.dead_max_jobs
    for each in facts.queues:
        if each.many_died_at is not None:
            yield _growing(each, each.many_died_at)
        if most and each.filled_at is not None:
            yield _full(each, each.filled_at, most)


def _growing(each: QueueFacts, at: float) -> Problem:
    reason = _("%(count)s jobs of queue %(queue)s died within the last hour.") % {
        "count": grouped(each.deaths),
        "queue": each.queue.name,
    }
    remedy = _("Find out why, then retry or delete them.")
    name = each.queue.name
    return Problem(name, reason, remedy, "dead_growing", moment(at), _page_of(name))


def _full(each: QueueFacts, at: float, most: int) -> Problem:
    reason = _("The dead set of queue %(queue)s holds %(count)s of at most %(most)s jobs.") % {
        "queue": each.queue.name,
        "count": grouped(each.queue.dead),
        "most": grouped(most),
    }
    remedy = _("Retry or delete some: when it is full, it drops the oldest.")
    name = each.queue.name
    return Problem(name, reason, remedy, "dead_full", moment(at), _page_of(name))


def _page_of(queue: str) -> str:
    """Return the address of the dead jobs of a queue."""
    return f"dead/?queue={quote(shown(queue), safe='')}"
