"""Tells the error catcher what goes wrong in jobs: the handlers named in `JOBS`.

What a retry will mend is not told: `jobs.TransientError` says so, and it is the only class that is ignored. The library
calls the handlers safely, so an error catcher that is away harms no job.
"""

from typing import Any

from jobs import Job, TransientError
from orders.services.error_catcher import ErrorCatcherClient


def report_error(error: BaseException, context: dict[str, Any]) -> None:
    """Report a failure, unless it is transient (an error handler)."""
    ErrorCatcherClient(ignored_errors=(TransientError,)).notify(error, context)


def report_death(job: Job, error: BaseException) -> None:
    """Report that a job will not be tried again, whatever it failed from (a death handler)."""
    name = type(job).__name__
    why = str(error) or type(error).__name__
    ErrorCatcherClient().notify(
        f"{name} won't be retried: {why}", {"class": name, "id": job.job_id, "queue": job.queue}
    )
