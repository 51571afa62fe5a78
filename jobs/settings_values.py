"""The values of the `JOBS` setting, with their types and defaults."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jobs.capsule import parse_capsules
from jobs.errors import ConfigurationError
from jobs.redaction import DEFAULT_REDACT

DEFAULT_REDIS_URL = "redis://127.0.0.1:6379/0"
#: The first is the outermost.
DEFAULT_MIDDLEWARE = (
    "jobs.middleware.context.ContextMiddleware",
    "jobs.middleware.expiry.ExpiryMiddleware",
    "jobs.middleware.transient.TransientErrorsMiddleware",
    "jobs.middleware.database.DatabaseMiddleware",
)


def default_redis_url(environment: Mapping[str, str] = os.environ) -> str:
    """Return the URL of Redis that the environment names, or the local default.

    JOBS_REDIS_URL holds it, or the variable whose name JOBS_REDIS_PROVIDER holds.
    """
    provider = environment.get("JOBS_REDIS_PROVIDER")
    if provider and provider not in environment:
        raise ConfigurationError(
            f"JOBS_REDIS_PROVIDER names {provider}, but no such environment variable is set."
        )
    return (
        environment[provider]
        if provider
        else environment.get("JOBS_REDIS_URL") or DEFAULT_REDIS_URL
    )


@dataclass(frozen=True, slots=True)
class JobsSettings:
    """Every key of `JOBS` with its default.

    Times are seconds.
    """

    redis_url: str = field(default_factory=default_redis_url)
    namespace: str = "jobs"
    #: What `runjobs` takes without `-q`, in strict order; "name,5" gives weights.
    queues: tuple[str, ...] = ("default",)
    #: Groups of queues with threads of their own, instead of `queues`: "payments:1".
    capsules: tuple[str, ...] = ()
    concurrency: int = 5
    #: Coroutines that one process runs at a time.
    async_concurrency: int = 100
    processes: int = 1
    #: From SIGTERM to the end.
    timeout: float = 25.0
    heartbeat: float = 5.0
    #: How long a silent worker keeps its jobs.
    lease: float = 15.0
    max_retries: int = 25
    #: A job that was running in this many crashes of its process is quarantined in the dead set.
    max_crashes: int = 3
    #: How long a job may go on after its time limit before its process is replaced.
    time_limit_grace: float = 5.0
    #: A worker process that needs more memory is replaced; 0 for no limit.
    max_memory_mb: int = 0
    #: A worker process that has taken so many jobs is replaced; 0 for no limit.
    max_jobs_per_process: int = 0
    dead_max_jobs: int = 10_000
    dead_max_days: int = 180
    middleware: tuple[str, ...] = DEFAULT_MIDDLEWARE
    #: Whether workers count the queries of each job, and how long they take.
    count_queries: bool = False
    error_handlers: tuple[str, ...] = ()
    death_handlers: tuple[str, ...] = ()
    #: Import paths of the context variables that travel with a job.
    context: tuple[str, ...] = ()
    enqueue: str = "on_commit"
    #: Whether jobs are rows of their transaction until they are in Redis. An alias of a database,
    #: or a list of them, says where the rows are.
    outbox: bool | str | Sequence[str] = False
    #: Longest time that an enqueue may block its caller.
    enqueue_timeout: float = 1.0
    max_payload_bytes: int = 1_000_000
    #: How many jobs that have not ended a queue may hold before an enqueue raises QueueFull.
    queue_limits: Mapping[str, int] = field(default_factory=dict)
    #: Whether payloads are signed: "off", "sign", or "require", which parks what is not signed.
    sign: str = "off"
    #: Names of arguments that people must not see the values of.
    redact: tuple[str, ...] = DEFAULT_REDACT
    #: Import path of a function `(user, queue) -> bool`: may this user see and change this queue in
    #: the control room? When it is empty, all may who may see jobs.
    queue_access: str = ""
    #: What a program must send to read `metrics.txt` and `stats.json`, at least SHORTEST_TOKEN
    #: characters. When it is empty, only users with permission may read them.
    metrics_token: str = ""
    # From when on something is a problem; docs/problems.md explains each rule.
    #: Workers that must take jobs.
    check_min_workers: int = 1
    #: Longest time that a job may wait to be taken.
    check_max_latency: float = 60.0
    #: Longest time without a heartbeat, or without a turn of the loop that fetches jobs.
    check_silence: float = 30.0
    #: Longest time that a run may last beyond all that is usual for its class.
    check_overlong: float = 300.0
    #: Share that may fail of the runs that usually go well.
    check_failures: float = 0.25
    #: Jobs of a queue that may die within an hour.
    check_deaths: int = 10
    #: Share of its memory that Redis may use, and of the dead set that may be full.
    check_fullness: float = 0.8
    #: Problems that are accepted: kinds such as "redis_unlimited", or "queue_late:imports".
    check_ignore: tuple[str, ...] = ()

    @property
    def served_queues(self) -> list[str]:
        """The names of the queues that `runjobs` serves by itself, in their order.

        The capsules name them if there are any.
        """
        if self.capsules:
            return [name for each in parse_capsules(self.capsules) for name in each.names]
        return [queue.partition(",")[0] for queue in self.queues]


#: The settings that are numbers, and the least that each may be.
LEAST = {
    "concurrency": 1,
    "async_concurrency": 1,
    "processes": 1,
    "timeout": 0,
    "heartbeat": 0.1,
    "lease": 0.3,
    "max_retries": 0,
    "max_crashes": 1,
    "time_limit_grace": 0,
    "max_memory_mb": 0,
    "max_jobs_per_process": 0,
    "dead_max_jobs": 0,
    "dead_max_days": 0,
    "enqueue_timeout": 0.01,
    "max_payload_bytes": 100,
    "check_min_workers": 0,
    "check_max_latency": 1,
    "check_silence": 1,
    "check_overlong": 1,
    "check_failures": 0.01,
    "check_deaths": 0,
    "check_fullness": 0.01,
}
#: The most threads of a process, and the most processes. No machine is well with more.
_MOST_AT_A_TIME = 9_999
#: The settings that are shares. A percentage would never be exceeded.
_SHARES = frozenset({"check_failures", "check_fullness"})
#: The most of whatever else is counted, or lasts in seconds. No system call waits for 300 years.
_MOST = 1_000_000_000


def bounds_broken(name: str, number: float) -> str | None:
    """Return which bound a number breaks, such as "at least 1".

    It is None if it breaks none.
    """
    most = _MOST_AT_A_TIME if name in {"concurrency", "processes"} else _MOST
    if name in _SHARES:
        most = 1
    if number > most:
        return f"at most {most:,}"
    return None if number >= LEAST[name] else f"at least {LEAST[name]}"
