"""Make It So: background jobs for Django on Redis or Valkey.

The names here are the public ones.
"""

from jobs.enqueue import ConfiguredJob, EnqueuedJob
from jobs.errors import (
    ConfigurationError,
    Discard,
    DuplicateJob,
    InvalidArguments,
    InvalidJob,
    JobInterrupted,
    JobsError,
    LimitExceeded,
    LockLost,
    LockNotAcquired,
    QueueFull,
    Snooze,
    StoreUnavailable,
    TimeLimitExceeded,
    TransientError,
    UnknownJob,
)
from jobs.features.limits import limit, lock
from jobs.features.periodic import Cron, Every
from jobs.features.results import aresult, result
from jobs.features.unique import Unique
from jobs.job import Job, Retry
from jobs.middleware import Middleware
from jobs.result_errors import (
    JobDied,
    JobGone,
    JobNotPushed,
    KeepsNoResult,
    NoResult,
    ResultTimeout,
)
from jobs.worker.embed import embed

__all__ = [
    "ConfigurationError",
    "ConfiguredJob",
    "Cron",
    "Discard",
    "DuplicateJob",
    "EnqueuedJob",
    "Every",
    "InvalidArguments",
    "InvalidJob",
    "Job",
    "JobDied",
    "JobGone",
    "JobInterrupted",
    "JobNotPushed",
    "JobsError",
    "KeepsNoResult",
    "LimitExceeded",
    "LockLost",
    "LockNotAcquired",
    "Middleware",
    "NoResult",
    "QueueFull",
    "ResultTimeout",
    "Retry",
    "Snooze",
    "StoreUnavailable",
    "TimeLimitExceeded",
    "TransientError",
    "Unique",
    "UnknownJob",
    "aresult",
    "embed",
    "limit",
    "lock",
    "result",
]
