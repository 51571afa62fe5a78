"""Rule: a run lasts far longer than the runs of its class usually do.

It has lasted for CHECK_OVERLONG, and ten times as long as 95 % of the runs of its class in the last
day, or of all its runs where none ended in that day. A class of which fewer than twenty runs ended
is not judged, since nobody knows what is usual. One problem tells of all such runs of a class.
"""

from collections.abc import Iterator, Sequence
from math import ceil

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs.inspect.explain import in_words
from jobs.inspect.problems.facts import Facts, long_runs
from jobs.inspect.usual import UsualTime
from jobs.moment import moment
from jobs.problem import Problem
from jobs.text import grouped

#: How many times as long as 95 % of the runs of its class.
FACTOR = 10
#: So many runs must have ended.
LEAST_RUNS = 20


def judge_overlong(facts: Facts) -> Iterator[Problem]:
    """Yield a problem for each job class that runs far too long."""
    for job_class, begun in long_runs(facts.live, facts.now - facts.limits.overlong).items():
        usual = facts.usual.get(job_class)
        if usual is None or usual.runs < LEAST_RUNS:
            continue
        longest_usual = max(facts.limits.overlong, FACTOR * usual.p95)
        overlong = [at for at in begun if facts.now - at > longest_usual]
        if overlong:
            yield _problem(job_class, overlong, usual, facts.now)


def _problem(job_class: str, begun: Sequence[float], usual: UsualTime, now: float) -> Problem:
    text = ngettext(
        "A run of %(job_class)s has lasted for %(time)s. "
        "Usually 95 %% of its runs take at most %(usual)s.",
        "%(count)s runs of %(job_class)s have lasted too long, the longest for %(time)s. "
        "Usually 95 %% of its runs take at most %(usual)s.",
        len(begun),
    )
    reason = text % {
        "count": grouped(len(begun)),
        "job_class": job_class,
        "time": in_words(now - min(begun)),
        "usual": in_words(ceil(usual.p95)),
    }
    remedy = _("Find out what it waits for, or cancel it. A time limit would end the next one.")
    since, where = moment(min(begun)), "running/?order=unusual"
    return Problem(job_class, reason, remedy, "job_overlong", since, where)
