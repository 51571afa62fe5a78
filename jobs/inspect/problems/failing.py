"""Rule: job classes fail more often than they usually do.

It looks at the last minute in six stretches of ten seconds. A class fails when in at least three
of them, and in all six together, more of its runs failed than the limit allows. There must be ten
failures more than usual, and more than chance makes of the usual share. So what is over within a
few seconds is no problem, nor is a single job that fails again and again.

A class that runs too seldom for that is judged in the same way by the last six minutes. That is
over when neither the present minute nor the one before was bad. It is also over when the class has
run ten times in the last minute, and well enough.

The usual share is the median of all stretches of ten minutes in the last three days in which the
class ran, but for the last half hour. A bad hour does not move a median. A class without such a
past should not fail at all. The limit lies above the usual share by CHECK_FAILURES of the rest:
with 0.25 it is 25 % for a class that never fails, and 40 % for one of which 20 % fail.

What goes on for a day and a half becomes usual.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from jobs.moment import moment
from jobs.problem import Problem
from jobs.store.metrics import MINUTES, TEN_SECONDS, Measure, Resolution
from jobs.text import grouped, shown

if TYPE_CHECKING:
    from jobs.inspect.problems.facts import Facts

#: How many stretches are looked at, the present one among them.
RECENT = 6
#: In so many of them a class must have failed, and so many times more than usual in all.
LEAST_BAD, LEAST_FAILURES = 3, 10
#: What chance may add to the usual failures, in standard deviations. Once in some days it is more.
MOST_CHANCE = 4
#: So many runs that went well enough say that the trouble is over.
LEAST_RUNS = 10
#: The last stretches of ten minutes, which say nothing of what is usual.
LEFT_OUT = 3
#: Trouble that paused for so many minutes is another trouble.
MOST_GAP = 5
#: Trouble may come from a deploy in so many seconds before it.
SOON = 900

Slots = Sequence[Measure | None]


@dataclass(frozen=True, slots=True)
class Failing:
    """A job class of whose runs many failed, in stretches of three lengths.

    The last of each is the present one.
    """

    job_class: str
    ten_seconds: Slots
    minutes: Slots
    ten_minutes: Slots

    @property
    def usual(self) -> float:
        """The share of its runs that usually fail."""
        return median([share(each) for each in self.ten_minutes[:-LEFT_OUT] if each] or [0.0])


def share(measure: Measure) -> float:
    """Return the share of runs that failed."""
    return measure.failures / measure.runs if measure.runs else 0.0


def is_suspect(minutes: Slots) -> bool:
    """Whether it is worth to look at a class more closely."""
    return _sum(minutes).failures >= LEAST_FAILURES


def judge_failing(facts: "Facts") -> Iterator[Problem]:
    """Yield a problem for each job class that fails more often than usual."""
    for failing in facts.failing:
        usual = failing.usual
        limit = usual + (1 - usual) * facts.limits.failures
        seconds, minutes = failing.ten_seconds[-RECENT:], failing.minutes[-RECENT:]
        if _fails(seconds, usual, limit):
            recent = _sum(seconds)
        elif _fails(minutes, usual, limit) and not _is_over(seconds, minutes, limit):
            recent = _sum(minutes)
        else:
            continue
        since = _since(failing, limit, facts.now)
        remedy = _remedy(_deployed(facts.deploys, since))
        yield _problem(failing.job_class, recent, usual, since, remedy)


def _fails(slots: Slots, usual: float, limit: float) -> bool:
    """Whether a class failed often enough, and for long enough, in six stretches.

    With 60 runs of which half usually fail, 30 are expected, and 16 more are no chance.
    """
    recent = _sum(slots)
    expected = recent.runs * usual
    chance = MOST_CHANCE * sqrt(expected * (1 - usual))
    is_rise = recent.failures - expected >= max(LEAST_FAILURES, chance)
    return is_rise and share(recent) >= limit and len(_bad(slots, limit)) >= LEAST_BAD


def _is_over(seconds: Slots, minutes: Slots, limit: float) -> bool:
    """Whether trouble that the last six minutes show has ended since."""
    last = _sum(seconds)
    goes_well = last.runs >= LEAST_RUNS and share(last) < limit
    return goes_well or not _bad(minutes[-2:], limit)


def _bad(slots: Slots, limit: float) -> list[int]:
    """Return which stretches failed beyond a limit.

    The present one is 0, and the one before is 1.
    """
    back = reversed(slots)
    return [n for n, slot in enumerate(back) if slot and share(slot) >= limit]


def _sum(slots: Slots) -> Measure:
    total = Measure()
    for slot in filter(None, slots):
        total.runs += slot.runs
        total.failures += slot.failures
    return total


def _since(failing: Failing, limit: float, now: float) -> float:
    """Return when the present trouble began.

    It is the start of its first minute, or of its first ten seconds where no minute is bad yet.
    """
    if _bad(failing.minutes[-2:], limit):
        return _start_of(_first_of(_bad(failing.minutes, limit)), MINUTES, now)
    return _start_of(_bad(failing.ten_seconds, limit)[-1], TEN_SECONDS, now)


def _start_of(back: int, resolution: Resolution, now: float) -> float:
    """Return when the stretch began that lies so many stretches back."""
    return (now // resolution.seconds - back) * resolution.seconds


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


def _deployed(deploys: Sequence[tuple[float, str]], since: float) -> str:
    """Return the label of the deploy after which trouble began, or nothing.

    Trouble begins with a whole minute, and the deploy was made within that at the latest.
    """
    end = since + MINUTES.seconds
    before = [label for at, label in deploys if since - SOON <= at < end]
    return before[-1] if before else ""


def _remedy(deployed: str) -> str:
    if not deployed:
        return _("Look at their errors, and at what was deployed before.")
    return _("It began after the deploy of %(label)s. Look at their errors.") % {
        "label": shown(deployed)
    }


def _problem(job_class: str, recent: Measure, usual: float, since: float, remedy: str) -> Problem:
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
    return Problem(job_class, reason, remedy, "failures", moment(since), "failures/")
