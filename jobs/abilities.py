"""Abilities: methods of jobs that a feature carries out.

`EnqueuedJob.result` and `Job.progress` stand where people look for them. A feature that can do what
they promise says so here when it is imported.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from jobs.errors import ConfigurationError
from jobs.sink import switch

if TYPE_CHECKING:
    from jobs.making import EnqueuedJob


def _nobody(*_: object) -> NoReturn:
    raise ConfigurationError("No feature does this: import `jobs`, which brings them all.")


@dataclass
class Abilities:
    """Who carries out what, one for the process."""

    #: Wait for the result of a job for so many seconds, in a thread and in a coroutine.
    result: Callable[["EnqueuedJob", float], Any] = _nobody
    aresult: Callable[["EnqueuedJob", float], Awaitable[Any]] = _nobody


abilities = Abilities()


def awaits_commit(job_id: str) -> bool:
    """Tell whether a job of this thread is pushed only when a transaction commits."""
    return switch.current.awaits_commit(job_id)
