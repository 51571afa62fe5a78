"""The `JOBS` setting, typed.

It is read once per process through `get_settings()`. `checks` reports what is wrong in it.
"""

import difflib
import functools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Protocol, TypeVar

from django.conf import settings as django_settings
from django.core.signals import setting_changed

from jobs.capsule import problem_of as capsules_problem
from jobs.errors import ConfigurationError
from jobs.habits import SETTINGS
from jobs.options import QUEUE_NAME
from jobs.problem import KINDS
from jobs.redaction import DEFAULT_REDACT
from jobs.text import brief

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
    dead_max_jobs: int = 10_000
    dead_max_days: int = 180
    middleware: tuple[str, ...] = DEFAULT_MIDDLEWARE
    error_handlers: tuple[str, ...] = ()
    death_handlers: tuple[str, ...] = ()
    #: Import paths of the context variables that travel with a job.
    context: tuple[str, ...] = ()
    enqueue: str = "on_commit"
    #: Longest time that an enqueue may block its caller.
    enqueue_timeout: float = 1.0
    max_payload_bytes: int = 1_000_000
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
    #: Share that may fail of the runs that usually go well.
    check_failures: float = 0.25
    #: Jobs of a queue that may die within an hour.
    check_deaths: int = 10
    #: Share of its memory that Redis may use, and of the dead set that may be full.
    check_fullness: float = 0.8
    #: Problems that are accepted: kinds such as "redis_unlimited", or "queue_late:imports".
    check_ignore: tuple[str, ...] = ()


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
    "dead_max_jobs": 0,
    "dead_max_days": 0,
    "enqueue_timeout": 0.01,
    "max_payload_bytes": 100,
    "check_min_workers": 0,
    "check_max_latency": 1,
    "check_silence": 1,
    "check_failures": 0.01,
    "check_deaths": 0,
    "check_fullness": 0.01,
}
#: Fewer characters could be guessed. `secrets.token_urlsafe(32)` makes a good one.
SHORTEST_TOKEN = 16
_TOKEN = re.compile(r"[!-~]+\Z")
#: It does not quote the token, which is a secret.
_TOKEN_PROBLEM = (
    "JOBS['METRICS_TOKEN'] must be empty, or a secret of at least "
    f"{SHORTEST_TOKEN} printable ASCII characters without spaces. Make one with: "
    'python -c "import secrets; print(secrets.token_urlsafe(32))"'
)
_QUEUE = re.compile(QUEUE_NAME.pattern.removesuffix(r"\Z") + r"(,[1-9][0-9]*)?\Z")
_LISTS = frozenset(
    {
        "queues",
        "capsules",
        "middleware",
        "error_handlers",
        "death_handlers",
        "context",
        "redact",
        "check_ignore",
    }
)
#: How other systems, and other places for our settings, begin their names.
_PREFIX = re.compile(r"(CELERY|CELERYD|RQ|DRAMATIQ|HUEY|Q|JOBS)_")
#: No setting of any system has a longer name.
_MOST_KEY = 100
_MAY_BE_EMPTY = frozenset({"queue_access"})
_KEYS = tuple(f.name.upper() for f in fields(JobsSettings))


def problems(values: object) -> list[str]:
    """Return a sentence for everything that is wrong in a `JOBS` setting.

    The list is empty when the setting is good.
    """
    if not isinstance(values, Mapping):
        return [f"JOBS must be a dictionary, not {type(values).__name__}."]
    unknown = [
        f"JOBS has an unknown key {brief(key)}. {_hint(key)}" for key in values if key not in _KEYS
    ]
    wrong = [p for key, value in values.items() if key in _KEYS and (p := _problem(key, value))]
    if values.get("CAPSULES") and "QUEUES" in values:
        wrong.append("JOBS has QUEUES and CAPSULES. Leave QUEUES out: the capsules name queues.")
    lease = values.get("LEASE", _DEFAULTS.lease)
    beat = values.get("HEARTBEAT", _DEFAULTS.heartbeat)
    if not wrong and lease < 2 * beat:
        wrong.append(
            f"JOBS['LEASE'] ({lease} s) must be at least twice JOBS['HEARTBEAT'] ({beat} s)."
        )
    return unknown + wrong


def _hint(key: object) -> str:
    """Return what to write instead of an unknown key."""
    name = _PREFIX.sub("", key.upper()) if isinstance(key, str) and len(key) <= _MOST_KEY else ""
    if advice := SETTINGS.get(name):
        return advice
    near = difflib.get_close_matches(name, _KEYS, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"Known keys: {', '.join(_KEYS)}."


def _problem(key: str, value: object) -> str | None:
    name = key.lower()
    expected: str | None = None
    if name in LEAST:
        expected = None if _is_number(name, value) else f"a number of at least {LEAST[name]}"
    elif name == "capsules":
        return capsules_problem(value)
    elif name in _LISTS:
        expected = _list_problem(name, value)
    elif name == "enqueue":
        if not isinstance(value, str) or value not in {"on_commit", "immediate"}:
            expected = "'on_commit' or 'immediate'"
    elif name == "metrics_token":
        return None if _is_token(value) else _TOKEN_PROBLEM
    elif not isinstance(value, str) or not _is_text(name, value):
        expected = "a name or URL as a string"
    return expected and f"JOBS[{key!r}] must be {expected}, not {value!r}."


def _is_text(name: str, value: str) -> bool:
    if name == "namespace":
        return QUEUE_NAME.match(value) is not None
    return bool(value) or name in _MAY_BE_EMPTY


def _is_token(value: object) -> bool:
    """Whether a value is empty, or a good token.

    A header can carry it, and nobody can guess it.
    """
    if not isinstance(value, str):
        return False
    return not value or (len(value) >= SHORTEST_TOKEN and _TOKEN.match(value) is not None)


def _list_problem(name: str, value: object) -> str | None:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        return "a list of strings"
    if name == "queues" and not (value and all(_QUEUE.match(item) for item in value)):
        return 'a list of queue names such as ["high", "default"] or ["high,5", "default,1"]'
    if name == "check_ignore" and not all(item.partition(":")[0] in KINDS for item in value):
        return f"a list of kinds of problems, alone or as 'kind:name'. Kinds: {', '.join(KINDS)}"
    return None


def _is_number(name: str, value: object) -> bool:
    kinds = (int, float) if isinstance(getattr(_DEFAULTS, name), float) else int
    return isinstance(value, kinds) and not isinstance(value, bool) and value >= LEAST[name]


_DEFAULTS = JobsSettings(redis_url=DEFAULT_REDIS_URL)


def load(values: object) -> JobsSettings:
    """Return the settings in this `JOBS` value.

    Raise ConfigurationError with all that is wrong.
    """
    if found := problems(values):
        raise ConfigurationError(" ".join(found))
    checked: Mapping[str, Any] = values  # type: ignore[assignment]  # problems() made sure
    typed: dict[str, Any] = {
        k.lower(): tuple(v) if k.lower() in _LISTS else v for k, v in checked.items()
    }
    return JobsSettings(**typed)


class _Cached(Protocol):
    """A function whose results are kept, as `functools.cache` makes it."""

    def cache_clear(self) -> None: ...


Cached = TypeVar("Cached", bound=_Cached)
_cached: list[_Cached] = []


def until_settings_change(function: Cached) -> Cached:
    """Have a cached function forget its results whenever JOBS changes.

    It decorates what makes something from the settings. They change in tests only.
    """
    _cached.append(function)
    return function


@until_settings_change
@functools.cache
def get_settings() -> JobsSettings:
    """Return the project's settings, read once.

    Raise ConfigurationError when they are wrong.
    """
    return load(getattr(django_settings, "JOBS", {}))


def _forget(*, setting: str, **_: object) -> None:
    if setting == "JOBS":
        for function in _cached:
            function.cache_clear()


setting_changed.connect(_forget, dispatch_uid="jobs.conf")
