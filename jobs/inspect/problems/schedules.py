"""Rule: a schedule has had no success for too long.

After a success the next one is expected a period later, and a margin that the schedule names. Its
run may take as long as the last one did. What is paused, or lies in a paused queue, is not
expected. Neither is one of the code that the newest code does not have any more. One of the
database is, since somebody wants it.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from jobs.inspect.problems.facts import Facts
from jobs.inspect.problems.lateness import page_of
from jobs.moment import moment
from jobs.problem import Problem
from jobs.store.schedule_records import ScheduleRecord
from jobs.text import written


def judge_schedules(facts: Facts) -> Iterator[Problem]:
    """Yield a problem for each schedule whose run is missing."""
    paused = {each.queue.name for each in facts.queues if each.queue.is_paused}
    for record in facts.schedules:
        late_at = record.late_at
        if late_at is not None and facts.now * 1000 > late_at and record.queue not in paused:
            yield _missed(record, late_at, is_overdue=_is_overdue(record, facts.now * 1000))


def _is_overdue(record: ScheduleRecord, now: float) -> bool:
    """Tell whether a tick has come that nobody fired."""
    return record.next is not None and now > record.next + record.margin


def _missed(record: ScheduleRecord, late_at: int, *, is_overdue: bool) -> Problem:
    tick = record.owed if record.owed is not None else record.next
    names = {
        "schedule": record.name,
        "job_class": record.job_class,
        "time": written(moment((tick or 0) / 1000)),
    }
    if record.is_resting:
        reason = _(
            "Schedule %(schedule)s of the database did not run at %(time)s: the newest workers "
            "have no job class %(job_class)s that people may schedule."
        )
        remedy = _("Deploy the code that has it, or switch the schedule off in the admin.")
    elif is_overdue:
        reason = _("Nobody has fired schedule %(schedule)s, which was due at %(time)s.")
        remedy = _(
            "Start a worker that knows it: python manage.py runjobs. "
            "Where one runs, the page of the schedule may say what keeps it."
        )
    else:
        reason = _("Schedule %(schedule)s has had no success since its run for %(time)s was due.")
        remedy = _("See how its runs ended: python manage.py jobs schedules")
    since, page = moment(late_at / 1000), page_of(record.name, "schedules")
    return Problem(record.name, reason % names, remedy, "schedule_missed", since, page)
