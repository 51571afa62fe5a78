"""What can be said of a job's time limit."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from jobs.inspect.attempts import known_options
from jobs.inspect.record import JobRecord
from jobs.text import grouped, written


def time_limit(job: JobRecord) -> timedelta | None:
    """Return the time limit of a job, None where none is known."""
    options = known_options(job)
    return None if options is None else options.time_limit


def while_running(job: JobRecord, since: datetime, now: float) -> Iterator[str]:
    """Yield what its time limit does to a job that runs.

    `now` is in epoch seconds.
    """
    limit = time_limit(job)
    if limit is None:
        return
    facts = {"limit": _seconds(limit), "time": written(since + limit)}
    if (since + limit).timestamp() > now:
        yield _("Its time limit of %(limit)s s ends at %(time)s.") % facts
        return
    yield (
        _(
            "Its time limit of %(limit)s s ended at %(time)s. "
            "If the job does not end now, its process is replaced."
        )
        % facts
    )


def _seconds(limit: timedelta) -> str:
    """Write a limit without decimals where it has none."""
    seconds = limit.total_seconds()
    return grouped(int(seconds) if seconds.is_integer() else seconds)


def after_overrun(job: JobRecord) -> Iterator[str]:
    """Yield what follows for a job whose process was ended by its time limit."""
    if job.payload.overrun:
        yield _(
            "Its last run did not end after its time limit, so its process was ended. "
            "The next worker that takes it runs nothing, and records the failure."
        )
