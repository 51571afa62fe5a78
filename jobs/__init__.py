"""Make It So: background jobs for Django on Redis or Valkey. These are the public names."""

from jobs.enqueue import ConfiguredJob, EnqueuedJob
from jobs.errors import (
    ConfigurationError,
    InvalidArguments,
    InvalidJob,
    JobInterrupted,
    JobsError,
    StoreUnavailable,
    UnknownJob,
)
from jobs.job import Job, Retry
from jobs.middleware import Middleware

__all__ = [
    "ConfigurationError",
    "ConfiguredJob",
    "EnqueuedJob",
    "InvalidArguments",
    "InvalidJob",
    "Job",
    "JobInterrupted",
    "JobsError",
    "Middleware",
    "Retry",
    "StoreUnavailable",
    "UnknownJob",
]
