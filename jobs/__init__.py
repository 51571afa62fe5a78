"""Make It So: background jobs for Django on Redis or Valkey.

The names here are the public ones.
"""

from jobs.enqueue import ConfiguredJob, EnqueuedJob
from jobs.errors import (
    ConfigurationError,
    Discard,
    InvalidArguments,
    InvalidJob,
    JobDied,
    JobGone,
    JobInterrupted,
    JobNotPushed,
    JobsError,
    KeepsNoResult,
    LimitExceeded,
    LockLost,
    LockNotAcquired,
    NoResult,
    ResultTimeout,
    Snooze,
    StoreUnavailable,
    TransientError,
    UnknownJob,
)
from jobs.features.limits import limit, lock
from jobs.features.results import aresult, result
from jobs.job import Job, Retry
from jobs.middleware import Middleware
from jobs.worker.embed import embed

__all__ = [
    "ConfigurationError",
    "ConfiguredJob",
    "Discard",
    "EnqueuedJob",
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
    "ResultTimeout",
    "Retry",
    "Snooze",
    "StoreUnavailable",
    "TransientError",
    "UnknownJob",
    "aresult",
    "embed",
    "limit",
    "lock",
    "result",
]
