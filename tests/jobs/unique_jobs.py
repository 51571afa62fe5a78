"""Unique jobs for the tests of what people see and do."""

from jobs import Job, Unique
from jobs.store import Store


class PlaceJob(Job):
    unique = Unique(by=("row",))

    def perform(self, row: int, what: str = "", password: str = "") -> None:
        """Do nothing."""


class OtherJob(Job):
    unique = Unique()

    def perform(self, row: int) -> None:
        """Do nothing."""


class RaisingJob(PlaceJob):
    unique = Unique(by=("row",), on_conflict="raise")


PLACE = "tests.jobs.unique_jobs.PlaceJob"
OTHER = "tests.jobs.unique_jobs.OtherJob"


def dead_job(store: Store, row: int = 1, job_class: type[Job] = PlaceJob) -> str:
    """Enqueue a job and kill it."""
    job_id = job_class.enqueue(row).id
    store.sets.move("default", "ready", "dead", [job_id])
    return job_id
