"""A job class that people may schedule, and one that they may not."""

from jobs import Job
from jobs.chore import take_away
from jobs.features.periodic import MIRROR
from jobs.models import ScheduleEntry
from jobs.registry import registry
from jobs.store.schedule_home import KEPT


class KeptJob(Job):
    schedulable = True
    queue = "q"

    def perform(self, word="", *, api_token=""):
        """Do nothing."""


class PrivateJob(Job):
    def perform(self):
        """Do nothing."""


# The workers of other tests have no table to read.
take_away(MIRROR)

CLASS, PRIVATE = registry.name_of(KeptJob), registry.name_of(PrivateJob)
NAME = f"{CLASS}{KEPT}nightly"


def row_of(**changes):
    """Return a row that nobody has saved."""
    fields = {"job_class": CLASS, "name": "nightly", "every_seconds": 3600, "queue": "q"}
    return ScheduleEntry(**fields | changes)
