"""The read side: what is in Redis, as typed Python. The `jobs` command and the admin pages use nothing else.

    from jobs import inspect

    inspect.stats().failed
    inspect.queues()[0].latency_seconds

Every function reads through the project's settings unless it is given a reader, says what it costs Redis, and raises
StoreUnavailable when Redis is away. Nothing here changes a job, but for `check_invariant(repair=True)`.
"""

from jobs.inspect.doctor import Diagnosis, Stray, check_invariant
from jobs.inspect.health import health_problems
from jobs.inspect.history import Day, history
from jobs.inspect.queues import Queue, queue_names, queues
from jobs.inspect.reader import get_reader
from jobs.inspect.server import Server, server
from jobs.inspect.stats import Stats, stats
from jobs.inspect.workers import RunningJob, Worker, workers

__all__ = [
    "Day",
    "Diagnosis",
    "Queue",
    "RunningJob",
    "Server",
    "Stats",
    "Stray",
    "Worker",
    "check_invariant",
    "get_reader",
    "health_problems",
    "history",
    "queue_names",
    "queues",
    "server",
    "stats",
    "workers",
]
