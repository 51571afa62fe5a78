"""Abilities: methods of jobs that a feature carries out.

`EnqueuedJob.result` and `Job.progress` stand where people look for them. A feature that can do what
they promise says so here when it is imported.

A feature that has to do something at the end of a run leaves its last words with the job.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from jobs.errors import ConfigurationError
from jobs.queries import Queries
from jobs.sink import switch

if TYPE_CHECKING:
    from jobs.making import EnqueuedJob
    from jobs.payload import Payload
    from jobs.returns import Kept


def _nobody(*_: object) -> NoReturn:
    raise ConfigurationError("No feature does this: import `jobs`, which brings them all.")


@dataclass
class Abilities:
    """Who carries out what, one for the process."""

    #: Wait for the result of a job for so many seconds, in a thread and in a coroutine.
    result: Callable[["EnqueuedJob", float], Any] = _nobody
    aresult: Callable[["EnqueuedJob", float], Awaitable[Any]] = _nobody
    #: Take note of how far a job has got: done, total, note.
    progress: Callable[["Able", float, float | None, str], None] = _nobody


abilities = Abilities()


def awaits_commit(job_id: str) -> bool:
    """Tell whether a job of this thread is pushed only when a transaction commits."""
    return switch.current.awaits_commit(job_id)


class Taking(Protocol):
    """The taking of a job by a worker.

    Its token lets Redis refuse what comes too late.
    """

    @property
    def queue(self) -> str:
        """The queue that the job came from."""

    @property
    def id(self) -> str:
        """The id of the job."""

    @property
    def token(self) -> str:
        """The name of this very taking."""


class Able:
    """The part of a job by which features reach its run."""

    #: None where no worker runs the job.
    taking: Taking | None = None
    #: By the name of a feature, what the worker calls at the end of a run, before it is recorded.
    #: A note that it returns is written together with the end. It is not called where the job is
    #: gone with the end. None: no feature has anything to say.
    last_words: dict[str, Callable[[], bytes | None]] | None = None
    #: What this run has asked of databases. None where nobody counts.
    counted_queries: Queries | None = None

    def progress(self, done: float, total: float | None = None, note: str = "") -> None:
        """Tell people how far this job has got: `self.progress(40, 100, "resizing")`.

        It is written about once a second, by another thread, so it costs next to nothing and never
        waits for Redis. At the end the newest is written. A note of more than 200 characters is
        cut. Raise InvalidArguments for what is no number or no text, and nothing else.
        """
        abilities.progress(self, done, total, note)

    def record_of_discard(self, payload: "Payload", error: BaseException | None) -> "Kept | None":
        """Return what is kept of this job when it is discarded, None for nothing.

        `payload` is as the run left it.
        """
        return None
