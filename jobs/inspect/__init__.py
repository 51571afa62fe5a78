"""The read side: what is in Redis, as typed Python.

The `jobs` command and the admin pages read by no other means.

    from jobs import inspect

    inspect.stats().failed
    inspect.queues()[0].latency_seconds
    inspect.problems()[0].reason

Every function reads the Redis of the project's settings unless it is given a reader. It says what
it costs Redis, and raises StoreUnavailable when Redis is away. Only `check_invariant(repair=True)`
changes jobs.
"""

from jobs.inspect.at_work import ORDERS, AtWork, JobAtWork, at_work
from jobs.inspect.attempts import Attempts, attempts_of
from jobs.inspect.class_sight import sees_class
from jobs.inspect.doctor import Diagnosis, Stray, check_invariant
from jobs.inspect.explain import Explanation, explain, explain_job
from jobs.inspect.facets import Facets, facets
from jobs.inspect.failures import FailureGroup, Failures, failure_groups
from jobs.inspect.filter import Filter
from jobs.inspect.find import find
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
    queue_rate,
    queue_rates,
    queue_slots,
    total_metrics,
)
from jobs.inspect.misfits import Misfit, Misfits, misfits
from jobs.inspect.outbox_rows import OutboxRow, OutboxRows, outbox_rows
from jobs.inspect.problems import problems
from jobs.inspect.pulse import Pace, Pulse, pace, pulse
from jobs.inspect.queries import ClassQueries, class_queries, total_queries
from jobs.inspect.queue_history import QueueHistory, queue_history
from jobs.inspect.queues import Queue, known_queues, queue_names, queues, set_sizes
from jobs.inspect.reader import get_reader
from jobs.inspect.record import JobRecord
from jobs.inspect.search import Hits, search
from jobs.inspect.server import Server, permission_warnings, server
from jobs.inspect.shape import shape_of
from jobs.inspect.stats import Stats, stats
from jobs.inspect.timeline import Moment, attempt_numbers, timeline
from jobs.inspect.unique import UniquePlace, UniquePlaces, unique_place_of, unique_places
from jobs.inspect.usual import UsualTime
from jobs.inspect.workers import RunningJob, Worker, workers

__all__ = [
    "ORDERS",
    "WINDOWS",
    "AtWork",
    "Attempts",
    "ClassHistory",
    "ClassMetrics",
    "ClassQueries",
    "Day",
    "Deploy",
    "Diagnosis",
    "Explanation",
    "Facets",
    "FailureGroup",
    "Failures",
    "Filter",
    "Hits",
    "JobAtWork",
    "JobPage",
    "JobRecord",
    "Misfit",
    "Misfits",
    "Moment",
    "OutboxRow",
    "OutboxRows",
    "Pace",
    "Pulse",
    "Queue",
    "QueueHistory",
    "RunningJob",
    "Server",
    "Slot",
    "Stats",
    "Stray",
    "UniquePlace",
    "UniquePlaces",
    "UsualTime",
    "Worker",
    "at_work",
    "attempt_numbers",
    "attempts_of",
    "check_invariant",
    "class_metrics",
    "class_queries",
    "explain",
    "explain_job",
    "facets",
    "failure_groups",
    "find",
    "get_reader",
    "history",
    "job_set",
    "known_queues",
    "metrics",
    "misfits",
    "outbox_rows",
    "pace",
    "permission_warnings",
    "problems",
    "pulse",
    "queue_history",
    "queue_names",
    "queue_rate",
    "queue_rates",
    "queue_slots",
    "queues",
    "search",
    "sees_class",
    "server",
    "set_sizes",
    "shape_of",
    "stats",
    "timeline",
    "total_metrics",
    "total_queries",
    "unique_place_of",
    "unique_places",
    "workers",
]
