"""How many attempts a job has had, and how many it may have."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from jobs.conf import get_settings
from jobs.enqueue import options_of
from jobs.errors import InvalidJob
from jobs.inspect.record import JobRecord
from jobs.options import JobOptions


@dataclass(frozen=True, slots=True)
class Attempts:
    """The attempts of one job.

    `number` is that of the attempt that it is in, waits for, or ended with. `most` is None where a
    time bounds them, which is `retry_for` then, or where nobody knows the class of the job.
    """

    number: int
    most: int | None = None
    retry_for: timedelta | None = None


def attempts_of(job: JobRecord) -> Attempts:
    """Return the attempts of a job. It asks nothing of Redis."""
    failures = job.payload.failures
    number = max(1, failures) if job.place == "dead" else job.attempt
    options = known_options(job)
    if options is None:
        return Attempts(number)
    if options.retry_for is not None:
        return Attempts(number, retry_for=options.retry_for)
    retries = get_settings().max_retries if options.max_retries is None else options.max_retries
    return Attempts(number, most=max(number, retries + 1))


def known_options(job: JobRecord) -> JobOptions | None:
    """Return the options of a job, None where this process does not know them."""
    if job.known_class is None:
        return None
    with suppress(InvalidJob):
        return options_of(job.known_class, job.payload)
    return None
