"""Rule: jobs wait too long in the outbox.

A worker pushes them within ten seconds while Redis answers. A row that is older than
CHECK_MAX_LATENCY says that no worker sweeps, that Redis is away for it, or refuses its job.
"""

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext as _

from jobs.inspect.outbox import OUTBOX_PAGE, unreadable
from jobs.inspect.problems.facts import Facts
from jobs.moment import moment
from jobs.problem import Problem
from jobs.text import written


def judge_outbox(facts: Facts) -> Iterator[Problem]:
    """Yield a problem for each database whose oldest row has waited too long."""
    limit = timedelta(seconds=facts.limits.max_latency)
    for oldest in facts.outbox:
        if oldest.failure:
            yield unreadable(oldest.database, oldest.failure)
        elif oldest.waited > limit:
            since = moment(facts.now) - oldest.waited
            reason = _(
                "A job has waited in the outbox of the database %(database)s since %(time)s, and "
                "is not in Redis."
            )
            remedy = _(
                "Start a worker that pushes it: python manage.py runjobs. If one runs, look at the "
                "errors in the outbox."
            )
            text = reason % {"database": oldest.database, "time": written(since)}
            yield Problem(oldest.database, text, remedy, "outbox_late", since, OUTBOX_PAGE)
