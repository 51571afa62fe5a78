"""Rule: jobs wait too long, or nobody takes them at all.

A queue is late when a job has waited for longer than CHECK_MAX_LATENCY, be it ready or only due.
It is unserved when none of the workers takes from it and a job has waited for longer than a
deploy may take, or is late. Where no worker need be there, it has to be late.

What helps most is said, and said once. A queue that nobody serves is not told as late. Where no
worker takes anything, the rule about workers says it. A paused queue waits because somebody wants
it to.
"""

from collections.abc import Iterator
from urllib.parse import quote

from django.utils.translation import gettext as _

from jobs.inspect.explain import in_words
from jobs.inspect.problems.facts import Facts, QueueFacts
from jobs.inspect.problems.staffing import GRACE, is_there, judge_staff
from jobs.moment import moment
from jobs.problem import Problem
from jobs.text import grouped, shown


def judge_lateness(facts: Facts) -> Iterator[Problem]:
    """Yield a problem for each queue that is late or unserved."""
    taking = [worker for worker in facts.live if is_there(worker)]
    served = {queue for worker in taking for queue in worker.queues}
    is_said_already = not taking and any(judge_staff(facts))
    late_after = facts.limits.max_latency
    unserved_after = _unserved_after(facts) if taking else late_after
    for each in facts.queues:
        waited = each.waited_at(facts.now)
        is_unserved = each.queue.name not in served and facts.hears_workers
        if is_unserved and is_said_already:
            continue
        if is_unserved and waited > unserved_after:
            yield _unserved(each)
        elif waited > late_after:
            yield _late(each, waited, facts.now - waited)


def _unserved_after(facts: Facts) -> float:
    """Return how long jobs may wait in an unserved queue, in seconds."""
    needs_workers = facts.limits.min_workers > 0
    late_after = facts.limits.max_latency
    return min(GRACE, late_after) if needs_workers else late_after


def _unserved(each: QueueFacts) -> Problem:
    name = each.queue.name
    reason = _("No worker takes jobs from queue %(queue)s, and jobs wait in it.") % {"queue": name}
    remedy = _("Start one with: python manage.py runjobs -q %(queue)s") % {"queue": name}
    since = moment(each.waiting_since or 0)
    return Problem(name, reason, remedy, "queue_unserved", since, page_of(name))


def _late(each: QueueFacts, waited: float, since: float) -> Problem:
    name = each.queue.name
    reason = _("Queue %(queue)s is late: its oldest job has waited for %(time)s.") % {
        "queue": name,
        "time": in_words(waited),
    }
    remedy = _("Start more workers, or find out what keeps the workers busy.")
    if each.queue.runs_all_it_may:
        remedy = _(
            "It runs as many jobs as it may, %(count)s at a time. "
            "Change that with: python manage.py jobs limit %(queue)s N"
        ) % {"count": grouped(each.queue.most_running or 0), "queue": name}
    return Problem(name, reason, remedy, "queue_late", moment(since), page_of(name))


def page_of(name: str, folder: str = "queues") -> str:
    """Return the address of the page of a queue below the control room.

    With another folder it is that of another thing, such as a schedule.
    """
    has_page = shown(name) == name
    return f"{folder}/{quote(name, safe='')}/" if has_page else f"{folder}/"
