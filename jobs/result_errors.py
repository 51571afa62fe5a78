"""Errors of those who wait for the result of a job."""

from jobs.errors import JobsError
from jobs.text import shortened, shown


class NoResult(JobsError):
    """There is no result to be had of a job. `job_id` says which."""

    def __init__(self, job_id: str, reason: str) -> None:
        """Keep the id, and say why."""
        self.job_id = job_id
        super().__init__(f"Job {shown(shortened(job_id))}: {reason}")


class ResultTimeout(NoResult):
    """The job has not ended in time. It may still end.

    `place` says where it was at the last look: ready, scheduled, running or retry.
    """

    def __init__(self, job_id: str, place: str, timeout: float) -> None:
        """Keep where the job was, and for how many seconds somebody waited."""
        self.place, self.timeout = place, timeout
        where = {
            "ready": "it waits for a worker",
            "scheduled": "its time has not come",
            "running": "it is running",
            "retry": "it has failed, and waits for another attempt",
        }.get(place, "it is in no set; run: python manage.py jobs doctor --repair")
        super().__init__(job_id, f"after {timeout:g} s {where}.")


class JobDied(NoResult):
    """The job has failed for good: it is in the dead set.

    `error_class` and `error_message` tell its last error. They are empty for a job that a person
    killed before it had one. A message may hold secrets.
    """

    def __init__(self, job_id: str, error_class: str, error_message: str) -> None:
        """Keep the last error as the dead set has it."""
        self.error_class, self.error_message = error_class, error_message
        words = f"{error_class}: {error_message}".removesuffix(": ").strip()
        super().__init__(job_id, f"it is dead. {words}" if words else "somebody killed it.")


class KeepsNoResult(NoResult):
    """What the job returns is not kept, so nobody can wait for it."""


class JobNotPushed(NoResult):
    """The transaction in which the job was enqueued has not committed yet."""


class JobGone(NoResult):
    """There is no job of this id, or no more."""
