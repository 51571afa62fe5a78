"""Make It So: background jobs for Django on Redis or Valkey.

The names here are the public ones.
"""

from jobs.enqueue import ConfiguredJob, EnqueuedJob
from jobs.errors import (
    ConfigurationError,
    Discard,
    InvalidArguments,
    InvalidJob,
    JobInterrupted,
    JobsError,
    LimitExceeded,
    LockLost,
    LockNotAcquired,
    Snooze,
    StoreUnavailable,
    TransientError,
    UnknownJob,
)
from jobs.features.limits import limit, lock
from jobs.features.periodic import Cron, Every
from jobs.job import Job, Retry
from jobs.middleware import Middleware

__all__ = [
    "ConfigurationError",
    "ConfiguredJob",
    "Cron",
    "Discard",
    "EnqueuedJob",
    "Every",
    "InvalidArguments",
    "InvalidJob",
    "Job",
    "JobInterrupted",
    "JobsError",
    "LimitExceeded",
    "LockLost",
    "LockNotAcquired",
    "Middleware",
    "Retry",
    "Snooze",
    "StoreUnavailable",
    "TransientError",
    "UnknownJob",
    "limit",
    "lock",
]
