"""The one line over a job that says how it is now.

It is true in every place.
"""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs import inspect
from jobs.inspect import Explanation, JobRecord
from jobs.inspect.explain import LIMITS, UNKNOWN
from jobs.templatetags.jobs_format import duration, number

#: The error of a job that a person ended while it ran.
CANCELLED = "jobs.errors.JobCancelled"


def headline(job: JobRecord, explanation: Explanation, now: float) -> str:
    """Return what a job does or waits for, or how it ended.

    `now` is in epoch seconds.
    """
    if job.place == "":
        return _("In no set, which should never be")
    if job.place in {"running", "ready"}:
        say = _running if job.place == "running" else _ready
        return say(job, explanation, now)
    return {"retry": _retry, "scheduled": _scheduled, "dead": _dead, "done": _done}[job.place](
        job, now
    )


def attempt_in_words(job: JobRecord) -> str:
    """Return the number of its attempt: 3 of 26.

    The most there are is left out where nobody knows it.
    """
    attempts = inspect.attempts_of(job)
    shown = number(attempts.number)
    if attempts.most is not None:
        return _("%(number)s of %(most)s") % {"number": shown, "most": number(attempts.most)}
    if attempts.retry_for is not None:
        span = duration(attempts.retry_for.total_seconds())
        return _("%(number)s, for %(span)s after the first failure") % {
            "number": shown,
            "span": span,
        }
    return shown


def _running(job: JobRecord, explanation: Explanation, now: float) -> str:
    if not explanation.is_held:
        return _("Taken by a worker that gives no sign of life")
    if explanation.running_since is None:
        return _("Taken by a worker, not begun yet")
    span = _whole(now - explanation.running_since.timestamp())
    return _("Running for %(span)s, attempt %(attempt)s") % {
        "span": span,
        "attempt": attempt_in_words(job),
    }


def _ready(job: JobRecord, explanation: Explanation, now: float) -> str:
    reason = explanation.sentences[0].rstrip(".")
    if job.at is None:
        return _("Waiting: %(reason)s") % {"reason": reason}
    return _("Waiting for %(span)s: %(reason)s") % {
        "span": _whole(now - job.at.timestamp()),
        "reason": reason,
    }


def _put_off(job: JobRecord) -> str:
    """Return why a job is to run later."""
    if job.error_class in LIMITS:
        return _("Held back by a limit")
    if job.error_class == UNKNOWN:
        return _("No worker knew its class")
    failures = job.payload.failures
    if not failures:
        return _("Put off")
    text = ngettext("Failed %(count)s time", "Failed %(count)s times", failures)
    return text % {"count": number(failures)}


def _retry(job: JobRecord, now: float) -> str:
    words = {"state": _put_off(job), "span": _apart(job, now)}
    if _is_due(job, now):
        return _("%(state)s, overdue by %(span)s") % words
    return _("%(state)s, next attempt in %(span)s") % words


def _scheduled(job: JobRecord, now: float) -> str:
    if _is_due(job, now):
        return _("Scheduled, overdue by %(span)s") % {"span": _apart(job, now)}
    return _("Scheduled, due in %(span)s") % {"span": _apart(job, now)}


def _is_due(job: JobRecord, now: float) -> bool:
    return job.at is None or job.at.timestamp() <= now


def _apart(job: JobRecord, now: float) -> str:
    """Return the time between now and when a job is due."""
    return _whole(abs(now - job.at.timestamp()) if job.at else 0.0)


def _dead(job: JobRecord, now: float) -> str:  # as the others
    payload = job.payload
    if job.error_class == CANCELLED:
        return _("Cancelled while it ran")
    if payload.failures:
        text = ngettext(
            "Dead after %(count)s failed attempt",
            "Dead after %(count)s failed attempts",
            payload.failures,
        )
        return text % {"count": number(payload.failures)}
    if payload.crashes:
        text = ngettext(
            "Dead after %(count)s crash of a worker",
            "Dead after %(count)s crashes of a worker",
            payload.crashes,
        )
        return text % {"count": number(payload.crashes)}
    if job.error is None:
        return _("Killed before it ran")
    return _("Dead: %(error)s") % {"error": job.error_class}


def _done(job: JobRecord, now: float) -> str:
    if job.finished_at is None:
        return _("Done")
    ago = _whole(now - job.finished_at.timestamp())
    if job.started_at is None:
        return _("Done %(span)s ago") % {"span": ago}
    seconds = (job.finished_at - job.started_at).total_seconds()
    return _("Done in %(span)s, %(ago)s ago") % {"span": duration(max(0.0, seconds)), "ago": ago}


def _whole(seconds: float) -> str:
    """Write a time span in whole seconds, at least one."""
    return duration(max(1, round(seconds)))
