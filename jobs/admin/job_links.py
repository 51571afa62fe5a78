"""Where the page of a job leads to.

That is its queue, class, worker and schedule, and the jobs that failed alike.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest

from jobs import inspect
from jobs.admin.nav import address, address_of_alike
from jobs.inspect import JobRecord
from jobs.occasion import occasion_of
from jobs.store.keys import first_name
from jobs.store.reader import Reader


@dataclass(frozen=True, slots=True)
class JobLinks:
    """The addresses.

    Each is empty where there is no such page, or the user may not see it.
    """

    queue: str
    job_class: str
    worker: str
    alike: str
    schedule: str
    unique: str


def links_of(request: HttpRequest, job: JobRecord, reader: Reader, *, is_held: bool) -> JobLinks:
    """Return the addresses of what belongs to a job.

    `is_held` tells whether the worker that runs it is among the live ones.
    """
    return JobLinks(
        queue=address(request, "jobs_queue", queue=job.queue),
        job_class=_class_url(request, job, reader),
        worker=_worker_url(request, job) if is_held else "",
        alike=_alike_url(request, job),
        schedule=_schedule_url(request, job),
        unique=_unique_url(request, job, reader),
    )


def _class_url(request: HttpRequest, job: JobRecord, reader: Reader) -> str:
    if job.known_class is None or not inspect.sees_class(job.job_class, reader):
        return ""
    return address(request, "jobs_class_metrics", name=job.job_class)


def _worker_url(request: HttpRequest, job: JobRecord) -> str:
    """Return the address of its worker.

    In this queue it may go by another name.
    """
    return f"{address(request, 'jobs_workers')}#{first_name(job.worker)}"


def _alike_url(request: HttpRequest, job: JobRecord) -> str:
    """Return the address of jobs in its set that failed alike."""
    if job.place not in {"retry", "dead"} or job.error is None:
        return ""
    shape = inspect.shape_of(job.error_message)
    return address_of_alike(request, job.place, job.job_class, job.error_class, shape)


def _schedule_url(request: HttpRequest, job: JobRecord) -> str:
    """Return the address of the schedule that made it."""
    occasion = occasion_of(job.payload.context)
    return address(request, "jobs_schedule", name=occasion.schedule) if occasion else ""


def _unique_url(request: HttpRequest, job: JobRecord, reader: Reader) -> str:
    """Return the address of the places of its class, if it is unique."""
    if inspect.unique_place_of(job, reader) is None:
        return ""
    query = urlencode({"job_class": job.job_class, "queue": job.queue}, errors="replace")
    return f"{address(request, 'jobs_unique')}?{query}"
