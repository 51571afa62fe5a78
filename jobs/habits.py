"""What other systems call a thing, and what to write here instead.

Messages about unknown options, settings and methods look in these tables. Names that mean the same
here are in none of them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_WHEN = "say when a job is to run at the call: using(run_after=timedelta(minutes=5)).enqueue(…)"
_PAUSE = "define retry_in(self, attempt, error), which returns the seconds to wait"
_ERRORS = (
    "leave it out: every error is retried. List those that heal by themselves in transient_errors, "
    "and raise jobs.Discard where a retry is pointless"
)
_KEEPS = "write keep_result_for = timedelta(hours=1); without it no result is kept"
_SCHEDULE = 'write schedule = Cron("30 2 * * *"), or Every(timedelta(minutes=5))'
_NOT_YET = "leave it out; docs/not_yet.md says what to do"
_SAFE = "leave it out: a job stays in Redis until its run has ended, whatever dies"
_NAME = "leave it out: a job is stored under the label of its app and the name of its class"
_QUEUE = "write queue"
_LIMIT = "write `with jobs.limit(name, 3):` in perform"
_RETRIES = "write max_retries, a number; 0 for none"


def _by_name(*groups: tuple[str, str]) -> Mapping[str, str]:
    """Return the advice for each name in `("some names", advice)`."""
    return MappingProxyType({name: advice for names, advice in groups for name in names.split()})


#: By the name of an option, what to do in its place.
OPTIONS = _by_name(
    ("queue_name routing_key exchange", _QUEUE),
    ("retry retries max_attempts attempts max_tries", _RETRIES),
    ("countdown delay eta wait wait_until at run_at schedule_in scheduled_at", _WHEN),
    ("expires max_age ttl expire expire_in", "write expires_in, a timedelta"),
    ("result_ttl store_results store_result result_expires ignore_result keep_result", _KEEPS),
    ("autoretry_for retry_on retry_when throws dont_autoretry_for discard_on", _ERRORS),
    ("backoff retry_backoff retry_backoff_max retry_jitter min_backoff max_backoff", _PAUSE),
    ("default_retry_delay retry_delay retry_kwargs interval", _PAUSE),
    ("acks_late reject_on_worker_lost acks_on_failure_or_timeout track_started", _SAFE),
    ("bind", "leave it out: perform is a method, and self is the job"),
    ("name actor_name task_id job_id", _NAME),
    ("rate_limit max_concurrency concurrency limits_concurrency", _LIMIT),
    ("soft_time_limit timeout job_timeout execution_timeout", "write time_limit, a timedelta"),
    ("unique_for unique_until unique_by lock_ttl", "write unique = Unique(…)"),
    ("cron periodic repeat run_every crontab", _SCHEDULE),
    ("lock", "write `with jobs.lock(name):` in perform"),
    ("depends_on tags meta", _NOT_YET),
    ("failure_ttl", "set JOBS['DEAD_MAX_DAYS'] for all jobs, or dead = False"),
    ("serializer compression", "leave it out: arguments are JSON"),
    ("on_failure link_error", "define on_exhausted(self, error)"),
    ("on_success link", "enqueue the next job at the end of perform"),
    ("run_after commit key id", "give it to using(): it belongs to a call, not to a class"),
)

#: By the name of a setting without its prefix, what to do in its place.
SETTINGS = _by_name(
    ("BROKER_URL BROKER URL REDIS LOCATION CONNECTION HOST REDIS_HOST", "Write REDIS_URL."),
    ("PREFIX KEY_PREFIX GLOBAL_KEYPREFIX", "Write NAMESPACE."),
    ("QUEUE TASK_QUEUES TASK_DEFAULT_QUEUE DEFAULT_QUEUE", 'Write QUEUES, a list: ["default"].'),
    (
        "MAX_QUEUE_SIZE QUEUE_SIZE MAX_QUEUE_LENGTH MAX_SIZE MAXSIZE",
        'Write QUEUE_LIMITS, how many each queue may hold: {"imports": 10_000}.',
    ),
    ("THREADS WORKER_CONCURRENCY MAX_THREADS POOL_SIZE", "Write CONCURRENCY."),
    ("WORKERS WORKER_PROCESSES", "Write PROCESSES, and CONCURRENCY for the threads of each."),
    ("RETRIES RETRY MAX_ATTEMPTS", "Write MAX_RETRIES."),
    ("SHUTDOWN_TIMEOUT WORKER_SOFT_SHUTDOWN_TIMEOUT", "Write TIMEOUT."),
    (
        "DEFAULT_TIMEOUT TIME_LIMIT TASK_TIME_LIMIT TASK_SOFT_TIME_LIMIT",
        "A job class says time_limit = timedelta(minutes=5).",
    ),
    (
        "WORKER_MAX_TASKS_PER_CHILD MAX_TASKS_PER_CHILD MAX_JOBS RECYCLE",
        "Write MAX_JOBS_PER_PROCESS.",
    ),
    ("WORKER_MAX_MEMORY_PER_CHILD MAX_RSS MAX_MEMORY", "Write MAX_MEMORY_MB, in megabytes."),
    (
        "RESULT_BACKEND RESULT_EXPIRES RESULT_TTL",
        "A job class keeps its results with keep_result_for = timedelta(hours=1).",
    ),
    (
        "TASK_ALWAYS_EAGER ALWAYS_EAGER EAGER IMMEDIATE ASYNC",
        "In tests use jobs.testing.mode('inline'); docs/testing.md.",
    ),
    (
        "BEAT_SCHEDULE SCHEDULE CRON PERIODIC",
        'A job class says schedule = Cron("30 2 * * *"), or Every(timedelta(minutes=5)).',
    ),
)

_NOW = "write {job}.enqueue(…)"
_LATER = "write {job}.using(run_after=timedelta(minutes=5)).enqueue(…)"
_HERE = "write {job}.perform_now(…)"
_MANY = "write {job}.enqueue_many([(1,), (2,)])"
_CHANGED = 'write {job}.using(queue="low").enqueue(…)'
_AGAIN = "raise the error and the job is retried, or raise jobs.Snooze(60) to run later"
_NEXT = "enqueue the next job at the end of perform; docs/not_yet.md says more"

#: By the name of a method or attribute, what to write in its place.
METHODS = _by_name(
    ("delay send perform_async perform_later defer push", _NOW),
    ("apply_async send_with_options set configure with_options", _CHANGED),
    ("perform_in perform_at schedule enqueue_in enqueue_at defer_at", _LATER),
    ("perform_inline call_local apply call", _HERE),
    ("perform_bulk push_bulk perform_all_later map starmap chunks", _MANY),
    ("adelay asend defer_async aperform", "write await {job}.aenqueue(…)"),
    ("s si signature then pipeline message", _NEXT),
    ("retry retry_job", _AGAIN),
    ("update_state save_meta set_progress", "write self.progress(done, total, note)"),
    ("request", "read self.job_id, self.attempt and self.queue"),
)

#: What other systems call `perform`.
OTHER_PERFORMS = ("run", "execute", "handle", "process", "task", "work")


class Habit:
    """Stands for a method of another system.

    Looking at it says what to write here. It is as if there were no such attribute. A base class
    behind the one that has it may have one.
    """

    def __init__(self, holder: type, name: str, advice: str) -> None:
        """Take the class that has it, its name, and what to write instead."""
        self._holder, self._name, self._advice = holder, name, advice

    def __get__(self, instance: object, owner: type) -> Any:
        """Return what a class behind the holder has, or raise AttributeError."""
        try:
            return getattr(super(self._holder, owner if instance is None else instance), self._name)
        except AttributeError:
            job = getattr(instance, "job_class", owner).__name__
            raise AttributeError(
                f"{job} has no {self._name!r}; {self._advice.format(job=job)}"
            ) from None


def explain_habits(holder: type) -> None:
    """Have a class explain the methods of other systems that it has not."""
    for name, advice in METHODS.items():
        setattr(holder, name, Habit(holder, name, advice))
