"""What the admin log says of a change: which filter, which jobs, which times."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from jobs.admin.audit import Deed
from jobs.control.touched import Touched, TouchedJob
from jobs.inspect import Filter, JobRecord
from jobs.moment import moment


def job_deed(job: JobRecord, what: str | Promise, *facts: str, is_deletion: bool = False) -> Deed:
    """Return what the log says of one job before something is done to it."""
    known = (set_fact([job.place]), *job_facts(touched_by([job])), *facts)
    return Deed(f"{job.job_class} {job.id}", what, known, job.id, is_deletion)


def filter_fact(wanted: Filter) -> str:
    """Return the line that names a filter by its fields."""
    fields = {name: value for name, value in asdict(wanted).items() if value}
    text = ", ".join(f"{name}={_text(value)}" for name, value in fields.items())
    return _("Filter: %(filter)s") % {"filter": text or _("none, so every job matches")}


def set_fact(names: Iterable[str]) -> str:
    """Return the line that names sets."""
    return _("Sets: %(sets)s") % {"sets": ", ".join(names)}


def new_time_fact(at: datetime | None) -> tuple[str, ...]:
    """Return the line that names the new time, if there is one."""
    return (_("New time: %(time)s") % {"time": _text(at)},) if at else ()


def touched_by(jobs: Iterable[JobRecord]) -> Touched:
    """Return the jobs that are about to be changed."""
    touched = Touched()
    for job in jobs:
        touched.add(job.id, job.queue, job.at)
    return touched


def job_facts(touched: Touched) -> tuple[str, ...]:
    """Return the lines that name jobs.

    They say how many are in each queue, and which, with their old times. Where there are more than
    are listed, a digest stands for all ids.
    """
    return tuple(_job_lines(touched))


def _job_lines(touched: Touched) -> Iterator[str]:
    for queue, count in sorted(touched.by_queue.items()):
        yield _("Jobs of queue %(queue)s: %(count)s") % {"queue": queue, "count": count}
    if touched.count > len(touched.first):
        yield _("Sum of the SHA-256 of all ids: %(digest)s") % {"digest": touched.digest}
        yield _("The first of them:")
    for job in touched.first:
        yield f"- {_job_text(job)}"


def _job_text(job: TouchedJob) -> str:
    values = {"id": job.id, "queue": job.queue, "time": _text(job.at) if job.at else "–"}
    return _("%(id)s in queue %(queue)s, time before: %(time)s") % values


def _text(value: str | datetime | None) -> str:
    """Return a value as text.

    A time is in the project's time zone, with its offset.
    """
    if isinstance(value, datetime):
        at = moment(value.timestamp())  # every time zone can be applied to it
        return timezone.localtime(at).isoformat(timespec="seconds")
    return repr(value)
