"""What happens beside jobs and workers: to locks, to queues, and to listeners themselves."""

import logging
from typing import ClassVar

from jobs.events.event import Event


class EmbeddedWorkerStarted(Event):
    """A worker has begun inside another process, such as that of a web server."""

    NAME: ClassVar[str] = "worker.embedded"

    worker: str
    pid: int
    queues: str


class EmbeddedWorkerEnded(Event):
    """A worker inside another process has ended, and that process may go on."""

    NAME: ClassVar[str] = "worker.embedded_ended"

    worker: str
    pid: int


class LockLapsed(Event):
    """The lease of a lock or limit ran out while it was held."""

    NAME: ClassVar[str] = "lock.lost"
    LEVEL: ClassVar[int] = logging.ERROR

    name_: str
    error: Exception | None = None


class LockLeftToExpire(Event):
    """Redis was away when a lock or limit was to be given back."""

    NAME: ClassVar[str] = "lock.left_to_expire"
    LEVEL: ClassVar[int] = logging.WARNING

    name_: str
    error: Exception


class ProgressNotWritten(Event):
    """What a job told of its progress could not be written down.

    It is said once for each run. The job goes on.
    """

    NAME: ClassVar[str] = "job.progress_not_written"
    LEVEL: ClassVar[int] = logging.WARNING

    id: str
    error: Exception


class QueueNotAnnounced(Event):
    """The names of queues could not be written down for people.

    The jobs are in their queues. The names are tried again in a minute.
    """

    NAME: ClassVar[str] = "queue.not_announced"
    LEVEL: ClassVar[int] = logging.WARNING

    queues: str
    error: Exception


class EnqueueRefused(Event):
    """A queue was full, and so many enqueues raised QueueFull.

    It is told at once, and then once a minute by each process. `size` and `limit` count jobs that
    have not ended, at the last refusal.
    """

    NAME: ClassVar[str] = "queue.full"
    LEVEL: ClassVar[int] = logging.WARNING

    queue: str
    refusals: int
    size: int
    limit: int


class PushPutOff(Event):
    """Jobs could not be pushed at a commit, and stay in the outbox.

    Nothing is lost: a worker pushes them when Redis answers again.
    """

    NAME: ClassVar[str] = "outbox.put_off"
    LEVEL: ClassVar[int] = logging.WARNING

    jobs: int
    error: Exception


class OutboxSwept(Event):
    """A worker has pushed jobs of the outbox that nobody had pushed."""

    NAME: ClassVar[str] = "outbox.swept"

    database: str
    jobs: int


class OutboxRefused(Event):
    """Redis refused a job of the outbox.

    It stays there, and is tried again after a pause that doubles up to an hour.
    """

    NAME: ClassVar[str] = "outbox.refused"
    LEVEL: ClassVar[int] = logging.ERROR

    id: str
    queue: str
    database: str
    error: Exception


class ListenerFailed(Event):
    """A listener raised.

    It changed nothing.
    """

    NAME: ClassVar[str] = "listener.failed"
    LEVEL: ClassVar[int] = logging.ERROR

    listener: str
    event: str
    error: str


class EventsLost(Event):
    """Events came faster than listeners could hear them, and so many were lost."""

    NAME: ClassVar[str] = "listener.events_lost"
    LEVEL: ClassVar[int] = logging.WARNING

    events: int


class ScheduleFired(Event):
    """A moment of a schedule has come, and its job is in its queue.

    `tick` is that moment, in epoch seconds.
    """

    NAME: ClassVar[str] = "schedule.fired"

    name_: str
    id: str
    tick: float


class ScheduleSkipped(Event):
    """A moment of a schedule passed without a job.

    `reason` is `overlap` (the run before has not ended), `paused`, or `missed` (nobody was there,
    and `catch_up` is over). `missed` counts the moments before it that nobody fired.
    """

    NAME: ClassVar[str] = "schedule.skipped"
    LEVEL: ClassVar[int] = logging.WARNING

    name_: str
    reason: str
    tick: float
    missed: int = 0


class ScheduleReset(Event):
    """A schedule was ahead of the time, and begins anew.

    The clock of Redis was wrong for a while. Compare it with others.
    """

    NAME: ClassVar[str] = "schedule.reset"
    LEVEL: ClassVar[int] = logging.ERROR

    name_: str


class ScheduleMirrorFailed(Event):
    """A change of a schedule in the database could not be written to Redis.

    The change is saved. A worker mirrors it when Redis answers again.
    """

    NAME: ClassVar[str] = "schedule.mirror_failed"
    LEVEL: ClassVar[int] = logging.WARNING

    error: Exception


class ScheduledRunEnded(Event):
    """The run of a job that a schedule made has ended.

    `tick` is the moment that it was for, in epoch seconds. `ending` is how it ended: `done`,
    `retried`, `dead` and so on.
    """

    NAME: ClassVar[str] = "schedule.ended"
    LEVEL: ClassVar[int] = logging.DEBUG

    name_: str
    id: str
    queue: str
    tick: float
    ending: str
