"""What happens, as values: the catalogue of all events, and who listens to them.

    from jobs.events import JobEnded, subscribe

    @subscribe(JobEnded)
    def count(event: JobEnded) -> None:
        statsd.incr(event.name, tags=[event.payload.job_class])

Log, metrics, error handlers and death handlers listen too. Put listeners of a project into an
app's `jobs` module or its `AppConfig.ready`. docs/events.md lists every event.
"""

from jobs.ending import Ending
from jobs.events.bus import emit, is_heard, subscribe, unsubscribe
from jobs.events.event import Event
from jobs.events.job_events import (
    ForkCameBack,
    HandlerFailed,
    JobDying,
    JobEnded,
    JobEnqueued,
    JobEvent,
    JobFailing,
    JobStarted,
    PayloadMissing,
    ResultNotKept,
    RetryInFailed,
    TransactionRolledBack,
    UnreadableError,
)
from jobs.events.other_events import (
    EmbeddedWorkerEnded,
    EmbeddedWorkerStarted,
    EventsLost,
    ListenerFailed,
    LockLapsed,
    LockLeftToExpire,
    ProgressNotWritten,
    QueueNotAnnounced,
)
from jobs.events.worker_events import (
    ChoreFailed,
    EndingRefused,
    ExitIgnored,
    JobsFound,
    JobsLost,
    JobsRecalled,
    JobsRecovered,
    LeaseLapsed,
    QueueRefused,
    QueuesAway,
    QueuesBack,
    RedisAway,
    SupervisorStopping,
    WorkerBroken,
    WorkerCancels,
    WorkerEnded,
    WorkerFault,
    WorkerLeftUnsaid,
    WorkerOrphaned,
    WorkerPaused,
    WorkerQuiet,
    WorkerResumed,
    WorkerSilent,
    WorkerSpeaks,
    WorkerStarted,
)

__all__ = [
    "ChoreFailed",
    "EmbeddedWorkerEnded",
    "EmbeddedWorkerStarted",
    "Ending",
    "EndingRefused",
    "Event",
    "EventsLost",
    "ExitIgnored",
    "ForkCameBack",
    "HandlerFailed",
    "JobDying",
    "JobEnded",
    "JobEnqueued",
    "JobEvent",
    "JobFailing",
    "JobStarted",
    "JobsFound",
    "JobsLost",
    "JobsRecalled",
    "JobsRecovered",
    "LeaseLapsed",
    "ListenerFailed",
    "LockLapsed",
    "LockLeftToExpire",
    "PayloadMissing",
    "ProgressNotWritten",
    "QueueNotAnnounced",
    "QueueRefused",
    "QueuesAway",
    "QueuesBack",
    "RedisAway",
    "ResultNotKept",
    "RetryInFailed",
    "SupervisorStopping",
    "TransactionRolledBack",
    "UnreadableError",
    "WorkerBroken",
    "WorkerCancels",
    "WorkerEnded",
    "WorkerFault",
    "WorkerLeftUnsaid",
    "WorkerOrphaned",
    "WorkerPaused",
    "WorkerQuiet",
    "WorkerResumed",
    "WorkerSilent",
    "WorkerSpeaks",
    "WorkerStarted",
    "emit",
    "is_heard",
    "subscribe",
    "unsubscribe",
]
