"""Tells the error catcher what goes wrong in jobs: the handlers named in `JOBS`.

What a retry will mend is not told: `jobs.TransientError` says so, and it is the only class that is
ignored. The telling is a job of its own (`reports`), so an error catcher that is away harms no job
and misses nothing.
"""

from typing import Any

from jobs import Job
from orders.reports import ReportJob, is_about_a_report, note_lost, report


def report_error(error: BaseException, context: dict[str, Any]) -> None:
    """Report a failure, unless it is transient (an error handler)."""
    if not is_about_a_report(context):
        report(error, context)


def report_death(job: Job, error: BaseException) -> None:
    """Report that a job will not be tried again (a death handler).

    It reports whatever the job failed from.
    """
    if isinstance(job, ReportJob):
        note_lost(job, error)
        return
    name = type(job).__name__
    why = str(error) or type(error).__name__
    report(f"{name} won't be retried: {why}", {"class": name, "id": job.job_id, "queue": job.queue})
