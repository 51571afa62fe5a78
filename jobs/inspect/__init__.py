"""The read side: what is in Redis, as typed Python. The `jobs` command and the admin pages use nothing else.

    from jobs import inspect

    inspect.stats().failed
    inspect.queues()[0].latency_seconds

Every function reads through the project's settings unless it is given a reader, says what it costs Redis, and raises
StoreUnavailable when Redis is away. Nothing here changes a job, but for `check_invariant(repair=True)`.
"""

from jobs.inspect.doctor import Diagnosis, Stray, check_invariant
from jobs.inspect.explain import Explanation, explain, explain_job
from jobs.inspect.failures import FailureGroup, Failures, failure_groups
from jobs.inspect.filter import Filter, shape_of
from jobs.inspect.find import find
from jobs.inspect.health import health_problems
from jobs.inspect.history import Day, history
from jobs.inspect.job_sets import JobPage, job_set
from jobs.inspect.metrics import (
    WINDOWS,
    ClassHistory,
    ClassMetrics,
    Deploy,
    Slot,
    class_metrics,
    metrics,
    queue_metrics,
    queue_rate,
    queue_rates,
    total_metrics,
)
from jobs.inspect.queues import Queue, queue_names, queues
from jobs.inspect.reader import get_reader
from jobs.inspect.record import JobRecord
from jobs.inspect.server import Server, server
from jobs.inspect.stats import Stats, stats
from jobs.inspect.workers import RunningJob, Worker, workers

__all__ = [
    "WINDOWS",
    "ClassHistory",
    "ClassMetrics",
    "Day",
    "Deploy",
    "Diagnosis",
    "Explanation",
    "FailureGroup",
    "Failures",
    "Filter",
    "JobPage",
    "JobRecord",
    "Queue",
    "RunningJob",
    "Server",
    "Slot",
    "Stats",
    "Stray",
    "Worker",
    "check_invariant",
    "class_metrics",
    "explain",
    "explain_job",
    "failure_groups",
    "find",
    "get_reader",
    "health_problems",
    "history",
    "job_set",
    "metrics",
    "queue_metrics",
    "queue_names",
    "queue_rate",
    "queue_rates",
    "queues",
    "server",
    "shape_of",
    "stats",
    "total_metrics",
    "workers",
]
