"""What happens to workers and supervisors.

`worker` is always the name of a worker.
"""

import logging
from collections.abc import Sequence
from typing import Any, ClassVar

from jobs.events.event import Event


class WorkerEvent(Event):
    """Something that concerns one worker."""

    worker: str


class _MayBeCrash(WorkerEvent, kw_only=True):
    """Is worse when it was a crash, which only the level tells."""

    WORSE: ClassVar[int]

    is_crash: bool

    @property
    def level(self) -> int:
        """The level of the line: worse for a crash."""
        return self.WORSE if self.is_crash else logging.INFO

    def fields(self) -> dict[str, Any]:
        """Return what the line says beside the name."""
        fields = super().fields()
        del fields["is_crash"]
        return fields


class WorkerStarted(WorkerEvent):
    """A supervisor has forked a worker."""

    NAME: ClassVar[str] = "worker.started"

    child: int
    queues: str


class WorkerEnded(_MayBeCrash):
    """A worker process has ended, with an exit code or by a signal.

    Its peak memory is in MB.
    """

    NAME: ClassVar[str] = "worker.ended"
    WORSE: ClassVar[int] = logging.ERROR

    child: int
    how: str
    peak_memory_mb: int


class JobsRecovered(_MayBeCrash):
    """Jobs of a worker that is gone are back in their queue."""

    NAME: ClassVar[str] = "worker.recovered"
    WORSE: ClassVar[int] = logging.WARNING

    queue: str
    jobs: int
    reason: str


class WorkerQuiet(WorkerEvent):
    """The worker takes no more work."""

    NAME: ClassVar[str] = "worker.quiet"


class WorkerUnquiet(WorkerEvent):
    """The worker takes work again, since a person wants it to."""

    NAME: ClassVar[str] = "worker.unquiet"


class WorkerCancels(WorkerEvent):
    """A person cancelled a job that this worker has."""

    NAME: ClassVar[str] = "worker.cancels"

    id: str


class WorkerOrphaned(WorkerEvent):
    """The supervisor of the worker is gone, so it ends in good order."""

    NAME: ClassVar[str] = "worker.orphaned"
    LEVEL: ClassVar[int] = logging.WARNING


class WorkerBroken(WorkerEvent):
    """Something in the process has died.

    It ends in good order, and is replaced.
    """

    NAME: ClassVar[str] = "worker.broken"
    LEVEL: ClassVar[int] = logging.CRITICAL

    what: str


class WorkerLeftUnsaid(WorkerEvent):
    """The last words of a worker did not reach Redis."""

    NAME: ClassVar[str] = "worker.left_unsaid"
    LEVEL: ClassVar[int] = logging.WARNING

    error: Exception


class WorkerPaused(WorkerEvent):
    """The process was stopped (SIGSTOP).

    Its leases are not renewed meanwhile.
    """

    NAME: ClassVar[str] = "worker.paused"
    LEVEL: ClassVar[int] = logging.WARNING


class WorkerResumed(WorkerEvent):
    """The process goes on (SIGCONT)."""

    NAME: ClassVar[str] = "worker.resumed"
    LEVEL: ClassVar[int] = logging.WARNING


class WorkerSilent(WorkerEvent):
    """The main thread of the worker has stopped going round.

    A job may be holding the GIL.
    """

    NAME: ClassVar[str] = "worker.silent"
    LEVEL: ClassVar[int] = logging.WARNING


class WorkerSpeaks(WorkerEvent):
    """The main thread of the worker goes round again."""

    NAME: ClassVar[str] = "worker.speaks"


class JobsRecalled(WorkerEvent):
    """What waited in a silent worker is back in its queue."""

    NAME: ClassVar[str] = "worker.recalled"
    LEVEL: ClassVar[int] = logging.WARNING

    queue: str
    jobs: int


class JobsFound(WorkerEvent):
    """The worker runs jobs whose fetch was answered in vain.

    It has found them in Redis.
    """

    NAME: ClassVar[str] = "worker.found_jobs"

    queue: str
    jobs: int


class JobsLost(WorkerEvent):
    """Jobs had ended here that others have taken over since."""

    NAME: ClassVar[str] = "worker.lost_jobs"
    LEVEL: ClassVar[int] = logging.WARNING

    queue: str
    ids: Sequence[str]


class LeaseLapsed(WorkerEvent):
    """The worker was silent for too long in a queue.

    Others have its jobs, and it takes a new name.
    """

    NAME: ClassVar[str] = "worker.lease_lapsed"
    LEVEL: ClassVar[int] = logging.WARNING

    queue: str
    new_name: str


class RedisAway(WorkerEvent):
    """Redis cannot be reached, and the worker keeps trying."""

    NAME: ClassVar[str] = "worker.redis_away"
    LEVEL: ClassVar[int] = logging.ERROR

    error: Exception | None = None


class ChoreFailed(Event, kw_only=True):
    """Something that is done now and then has failed.

    It is done again. The failure is told once until it succeeds.
    """

    NAME: ClassVar[str] = "worker.chore_failed"
    LEVEL: ClassVar[int] = logging.ERROR

    worker: str | None = None
    chore: str
    error: BaseException


class EndingRefused(Event):
    """Redis refuses to record how jobs ended.

    It is tried again.
    """

    NAME: ClassVar[str] = "worker.ending_refused"
    LEVEL: ClassVar[int] = logging.ERROR

    ids: Sequence[str]
    error: Exception


class QueueRefused(Event):
    """Redis refuses to serve a queue.

    A key may be of a wrong type, for example. It is tried again.
    """

    NAME: ClassVar[str] = "worker.queue_refused"
    LEVEL: ClassVar[int] = logging.ERROR

    queue: str
    error: Exception


class QueuesAway(Event):
    """The node of some queues of a cluster cannot be reached.

    The others go on.
    """

    NAME: ClassVar[str] = "worker.queues_away"
    LEVEL: ClassVar[int] = logging.ERROR

    queues: str


class QueuesBack(Event):
    """The node of queues that were away answers again."""

    NAME: ClassVar[str] = "worker.queues_back"

    queues: str


class ExitIgnored(Event):
    """Code of an async job asked for the end of the process.

    It was a sub-task or a callback.
    """

    NAME: ClassVar[str] = "worker.exit_ignored"
    LEVEL: ClassVar[int] = logging.ERROR

    error: str


class WorkerFault(Event, kw_only=True):
    """The library is at fault.

    The job, if it was about one, is parked.
    """

    NAME: ClassVar[str] = "worker.fault"
    LEVEL: ClassVar[int] = logging.CRITICAL

    worker: str | None = None
    in_: str | None = None
    queue: str | None = None
    id: str | None = None
    error: str


class SupervisorStopping(Event):
    """A supervisor was told to stop, within so many seconds."""

    NAME: ClassVar[str] = "supervisor.stopping"

    timeout: float
