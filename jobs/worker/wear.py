"""How worn a worker process is.

That is its memory, and how many jobs it has taken. Beyond a limit it asks the supervisor for a
successor. It goes on as usual until there is one.
"""

import os
import resource
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from jobs.conf import JobsSettings
from jobs.events import MemoryLimitTooLow, emit
from jobs.worker.board import Board
from jobs.worker.course import Course
from jobs.worker.retirement import Reason

#: How often a process looks at itself. Seconds.
LOOK_EVERY = 0.25
MEGABYTE = 1024 * 1024
_PAGE = resource.getpagesize()


class Wear:
    """Looks at one worker process, and asks for a successor when it is worn."""

    def __init__(
        self,
        board: Board,
        worker: str,
        settings: JobsSettings,
        course: Course,
        taken: Callable[[], int],
    ) -> None:
        """Take what tells how many jobs the process has taken."""
        self._board = board
        self._worker = worker
        self._most_jobs = settings.max_jobs_per_process
        self._most_memory = settings.max_memory_mb
        self._course = course
        self._taken = taken

    def begin(self) -> None:
        """Look before the first job.

        A limit that the process begins with would have it replaced for ever, so it is
        not heeded then.
        """
        if self._most_memory and (used := memory_in_use()) >= self._most_memory:
            emit(MemoryLimitTooLow(self._worker, round(used), self._most_memory))
            self._most_memory = 0

    def look(self) -> None:
        """Ask for a successor if the process is worn.

        One that takes no more needs none: perhaps a person has told it to stop.
        """
        self._board.wish(0 if self._course.is_quiet else self._reason())

    def _reason(self) -> int:
        if self._most_jobs and self._taken() >= self._most_jobs:
            return Reason.JOBS
        if self._most_memory and memory_in_use() >= self._most_memory:
            return Reason.MEMORY
        return 0


def memory_in_use() -> float:
    """Return the resident memory of this process, in MB.

    Where there is no `/proc`, it is the most that the process ever had.
    """
    with suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * _PAGE / MEGABYTE
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if os.uname().sysname == "Darwin" else 1024
    return peak * unit / MEGABYTE
