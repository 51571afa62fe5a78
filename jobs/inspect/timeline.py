"""The life of one job as a list of moments.

It was enqueued, each run began and ended, and something comes next.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Literal

from django.utils.translation import gettext as _

from jobs.inspect.record import JobRecord, text_in, time_of
from jobs.moment import moment
from jobs.payload import JobError

#: Errors that are kept and count as no failed attempt.
UNCOUNTED = frozenset({"WorkerCrashed", "jobs.errors.JobCancelled"})
#: What became ready so soon after it was enqueued did so at once. Seconds.
_AT_ONCE = 1.0
#: A run is no longer than this. Seconds.
_LONGEST_RUN = 10 * 365 * 86_400


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to a job, or will happen.

    `mood` is "bad" for a failure, "good" for a job that is done, and "next" for what is to come.
    """

    at: datetime
    title: str
    text: str = ""
    mood: Literal["", "good", "bad", "next"] = ""


def timeline(job: JobRecord, running_since: datetime | None = None) -> tuple[Moment, ...]:
    """Return what is known of the life of a job, the earliest first.

    `running_since` is when the run began that goes on now. Errors that older versions wrote do not
    tell when their runs began. It asks nothing of Redis.
    """
    found = [*_beginning(job), *_attempts(job), *_ending(job)]
    if running_since:
        found.append(Moment(running_since, _started(job.attempt)))
    return tuple(sorted(found, key=lambda each: each.at))


def attempt_numbers(job: JobRecord) -> list[int | None]:
    """Return for each error the number of its attempt.

    It is None for a crash or a cancellation, which are no failures. All are None where the errors
    do not tell, since some of them are no longer kept.
    """
    counted = [text_in(error, "class") not in UNCOUNTED for error in job.errors]
    if sum(counted) != job.payload.failures:
        return [None for _error in counted]
    numbers = accumulate(map(int, counted))  # 1, 1, 2 for a failure, a crash and a failure
    return [number if counts else None for number, counts in zip(numbers, counted, strict=True)]


def start_of(error: JobError) -> datetime | None:
    """Return when the run began that ended with an error.

    Return None where it does not say so.
    """
    at, seconds = time_of(error), error.get("seconds")
    if at is None or isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    if not 0 <= seconds <= _LONGEST_RUN:
        return None
    return moment(at.timestamp() - seconds)


def _beginning(job: JobRecord) -> Iterator[Moment]:
    if job.payload.enqueued_at:
        yield Moment(job.enqueued_at, _("Enqueued"))
    # A scheduled job tells by its set when it is due.
    if job.run_after and job.place != "scheduled":
        yield Moment(job.run_after, _("Asked to run"))


def _attempts(job: JobRecord) -> Iterator[Moment]:
    for error, number in zip(job.errors, attempt_numbers(job), strict=True):
        at, start = time_of(error), start_of(error)
        if start:
            yield Moment(start, _started(number))
        if at:
            yield Moment(at, _failed(number), text_in(error, "class"), "bad")


def _ending(job: JobRecord) -> Iterator[Moment]:
    if job.started_at:
        yield Moment(job.started_at, _started(job.attempt))
    if job.finished_at:
        yield Moment(job.finished_at, _("Done"), mood="good")
    if job.at is None:
        return
    if job.place in {"scheduled", "retry"}:
        yield Moment(job.at, _("Due"), mood="next")
    elif job.place == "dead":
        yield Moment(job.at, _("Moved to the dead set"), mood="bad")
    elif job.place == "done":
        yield Moment(job.at, _("Result expires"), mood="next")
    elif job.place == "ready" and (job.at - job.enqueued_at).total_seconds() > _AT_ONCE:
        yield Moment(job.at, _("Ready"))


def _started(number: int | None) -> str:
    if number is None:
        return _("Started")
    return _("Attempt %(number)s started") % {"number": number}


def _failed(number: int | None) -> str:
    if number is None:
        return _("Ended by an error")
    return _("Attempt %(number)s failed") % {"number": number}
