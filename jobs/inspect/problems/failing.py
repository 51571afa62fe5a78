"""Rule: job classes fail more often than they usually do.

A class fails when in at least three of the last six minutes (the present one among them), and in
all six together, more of its runs failed than the limit allows. There must be ten failures. So
what is over within a minute or two is no problem, nor is a single job that fails again and again.

The usual share is the median of all stretches of ten minutes in the last three days in which the
class ran, but for the last half hour. A bad hour does not move a median. A class without such a
past should not fail at all. The limit lies above the usual share by CHECK_FAILURES of the rest:
with 0.25 it is 25 % for a class that never fails, and 40 % for one of which 20 % fail.

What goes on for a day and a half becomes usual.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from jobs.moment import moment
from jobs.problem import Problem
from jobs.store.metrics import Measure
from jobs.text import grouped

if TYPE_CHECKING:
    from jobs.inspect.problems.facts import Facts

#: How many minutes are looked at, the present one among them.
RECENT_MINUTES = 6
#: In so many of them, and with so many failures in all, a class must have failed.
LEAST_MINUTES, LEAST_FAILURES = 3, 10
#: The last stretches of ten minutes, which say nothing of what is usual.
LEFT_OUT = 3
#: Trouble that paused for so many minutes is another trouble.
MOST_GAP = 5


@dataclass(frozen=True, slots=True)
class Failing:
    """A job class of whose runs many failed, by minutes and by ten minutes.

    The last of each is the present one.
    """

    job_class: str
    minutes: tuple[Measure | None, ...]
    ten_minutes: tuple[Measure | None, ...]

    @property
    def usual(self) -> float:
        """The share of its runs that usually fail."""
        return median([share(each) for each in self.ten_minutes[:-LEFT_OUT] if each] or [0.0])

    def bad_minutes(self, limit: float) -> list[int]:
        """Return which minutes failed beyond a limit.

        The present one is 0, and the one before is 1.
        """
        back = reversed(self.minutes)
        return [n for n, minute in enumerate(back) if minute and share(minute) >= limit]


def share(measure: Measure) -> float:
    """Return the share of runs that failed."""
    return measure.failures / measure.runs if measure.runs else 0.0


def is_suspect(minutes: Sequence[Measure | None]) -> bool:
    """Whether it is worth to look at a class more closely."""
    failed = [minute.failures for minute in minutes if minute and minute.failures]
    return len(failed) >= LEAST_MINUTES and sum(failed) >= LEAST_FAILURES


def judge_failing(facts: "Facts") -> Iterator[Problem]:
    """Yield a problem for each job class that fails more often than usual."""
    for failing in facts.failing:
        usual = failing.usual
        limit = usual + (1 - usual) * facts.limits.failures
        bad = failing.bad_minutes(limit)
        recent = Measure()
        for minute in filter(None, failing.minutes[-RECENT_MINUTES:]):
            recent.runs += minute.runs
            recent.failures += minute.failures
        is_lasting = sum(n < RECENT_MINUTES for n in bad) >= LEAST_MINUTES
        if is_lasting and share(recent) >= limit:
            since = facts.now // 60 * 60 - 60 * _first_of(bad)
            yield _problem(failing.job_class, recent, usual, since)


def _first_of(bad: Sequence[int]) -> int:
    """Return in which minute the present trouble began.

    With bad minutes 0, 1, 4 and 30 that is 4.
    """
    first = bad[0]
    for minute in bad[1:]:
        if minute - first > MOST_GAP:
            break
        first = minute
    return first


def _problem(job_class: str, recent: Measure, usual: float, since: float) -> Problem:
    text = _(
        "%(failed)s %% of the last %(runs)s runs of %(job_class)s failed. "
        "Usually %(usual)s %% fail."
    )
    reason = text % {
        "runs": grouped(recent.runs),
        "job_class": job_class,
        "failed": f"{share(recent):.0%}".rstrip("%"),
        "usual": f"{usual:.0%}".rstrip("%"),
    }
    remedy = _("Look at their errors, and at what was deployed before.")
    return Problem(job_class, reason, remedy, "failures", moment(since), "failures/")
