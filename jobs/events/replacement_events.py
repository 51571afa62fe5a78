"""What happens to workers that are replaced before their time."""

import logging
from typing import ClassVar

from jobs.events.worker_events import WorkerEvent


class WorkerReplaced(WorkerEvent):
    """A worker is to end, and has a successor.

    `why` is `memory`, `jobs` or `overdue`: it needs more than MAX_MEMORY_MB, has taken
    MAX_JOBS_PER_PROCESS, or a job has not ended long after its time limit, which is a
    warning.
    """

    NAME: ClassVar[str] = "worker.replaced"

    why: str

    @property
    def level(self) -> int:
        """The level of the line: worse where a job does not end."""
        return logging.WARNING if self.why == "overdue" else logging.INFO


class MemoryLimitTooLow(WorkerEvent):
    """A worker begins with more memory than MAX_MEMORY_MB, so it heeds no limit."""

    NAME: ClassVar[str] = "worker.memory_limit_too_low"
    LEVEL: ClassVar[int] = logging.ERROR

    memory_mb: int
    limit_mb: int
