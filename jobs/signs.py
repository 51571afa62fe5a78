"""What jobs know of their end: stop signs and the clock of a run."""

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jobs.job import Job


class StopSigns(Protocol):
    """What a worker tells its jobs about their end."""

    def is_stopping(self, job_id: str) -> bool:
        """Whether this job had better end."""

    def is_cancelled(self, job_id: str) -> bool:
        """Whether a person cancelled this job."""


def start_clock(job: "Job", seconds: float) -> float:
    """Let the time limit of a run count from now on.

    Return when it ends, by the monotonic clock.
    """
    ends_at = time.monotonic() + seconds
    job._ends_at = ends_at  # noqa: SLF001  # users read `remaining()`, and nobody sets it
    return ends_at
