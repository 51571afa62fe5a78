"""The `JOBS` setting, typed. Read once per process through `get_settings()`; `checks` reports what is wrong in it."""

import functools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from django.conf import settings as django_settings
from django.core.signals import setting_changed

from jobs.errors import ConfigurationError
from jobs.options import QUEUE_NAME

DEFAULT_REDIS_URL = "redis://127.0.0.1:6379/0"
#: Arguments whose names contain one of these are hidden from people; see `jobs.redaction`.
DEFAULT_REDACT = (
    "password",
    "passwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "private_key",
    "authorization",
    "credential",
    "card_number",
    "cvc",
    "cvv",
    "iban",
    "ssn",
)
#: The first is the outermost.
DEFAULT_MIDDLEWARE = (
    "jobs.middleware.context.ContextMiddleware",
    "jobs.middleware.expiry.ExpiryMiddleware",
    "jobs.middleware.transient.TransientErrorsMiddleware",
    "jobs.middleware.database.DatabaseMiddleware",
)


def default_redis_url(environment: Mapping[str, str] = os.environ) -> str:
    """Return the URL in JOBS_REDIS_URL, or in the variable that JOBS_REDIS_PROVIDER names, or the local default."""
    provider = environment.get("JOBS_REDIS_PROVIDER")
    if provider and provider not in environment:
        raise ConfigurationError(f"JOBS_REDIS_PROVIDER names {provider}, but no such environment variable is set.")
    return environment[provider] if provider else environment.get("JOBS_REDIS_URL") or DEFAULT_REDIS_URL


@dataclass(frozen=True, slots=True)
class JobsSettings:
    """Every key of `JOBS` with its default. Times are seconds."""

    redis_url: str = field(default_factory=default_redis_url)
    namespace: str = "jobs"
    #: What `runjobs` takes without `-q`, in strict order; "name,5" gives weights.
    queues: tuple[str, ...] = ("default",)
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
    #: What a program must send to read `metrics.txt` and `stats.json`; empty: only users with permission may.
    metrics_token: str = ""


_NUMBERS = {
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
}
_QUEUE = re.compile(QUEUE_NAME.pattern.removesuffix(r"\Z") + r"(,[1-9][0-9]*)?\Z")
_LISTS = frozenset({"queues", "middleware", "error_handlers", "death_handlers", "context", "redact"})
_MAY_BE_EMPTY = frozenset({"metrics_token"})
_KEYS = tuple(f.name.upper() for f in fields(JobsSettings))


def problems(values: object) -> list[str]:
    """Return a sentence for everything that is wrong in a `JOBS` setting; empty when it is good."""
    if not isinstance(values, Mapping):
        return [f"JOBS must be a dictionary, not {type(values).__name__}."]
    unknown = [
        f"JOBS has an unknown key {key!r}. Known keys: {', '.join(_KEYS)}." for key in values if key not in _KEYS
    ]
    wrong = [p for key, value in values.items() if key in _KEYS and (p := _problem(key, value))]
    lease, beat = values.get("LEASE", 15.0), values.get("HEARTBEAT", 5.0)
    if not wrong and lease < 2 * beat:
        wrong.append(f"JOBS['LEASE'] ({lease} s) must be at least twice JOBS['HEARTBEAT'] ({beat} s).")
    return unknown + wrong


def _problem(key: str, value: object) -> str | None:
    name = key.lower()
    expected: str | None = None
    if name in _NUMBERS:
        expected = None if _is_number(name, value) else f"a number of at least {_NUMBERS[name]}"
    elif name in _LISTS:
        expected = _list_problem(name, value)
    elif name == "enqueue":
        if not isinstance(value, str) or value not in {"on_commit", "immediate"}:
            expected = "'on_commit' or 'immediate'"
    elif not isinstance(value, str) or not _is_text(name, value):
        expected = "a name or URL as a string"
    return expected and f"JOBS[{key!r}] must be {expected}, not {value!r}."


def _is_text(name: str, value: str) -> bool:
    if name == "namespace":
        return QUEUE_NAME.match(value) is not None
    return bool(value) or name in _MAY_BE_EMPTY


def _list_problem(name: str, value: object) -> str | None:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        return "a list of strings"
    if name == "queues" and not (value and all(_QUEUE.match(item) for item in value)):
        return 'a list of queue names such as ["high", "default"] or ["high,5", "default,1"]'
    return None


def _is_number(name: str, value: object) -> bool:
    kinds = (int, float) if isinstance(getattr(_DEFAULTS, name), float) else int
    return isinstance(value, kinds) and not isinstance(value, bool) and value >= _NUMBERS[name]


_DEFAULTS = JobsSettings(redis_url=DEFAULT_REDIS_URL)


def load(values: object) -> JobsSettings:
    """Return the settings in this `JOBS` value, or raise ConfigurationError with all that is wrong."""
    if found := problems(values):
        raise ConfigurationError(" ".join(found))
    checked: Mapping[str, Any] = values  # type: ignore[assignment]  # problems() made sure
    typed: dict[str, Any] = {k.lower(): tuple(v) if k.lower() in _LISTS else v for k, v in checked.items()}
    return JobsSettings(**typed)


@functools.cache
def get_settings() -> JobsSettings:
    """Return the project's settings, read once. Raise ConfigurationError when they are wrong."""
    return load(getattr(django_settings, "JOBS", {}))


def _forget(*, setting: str, **_: object) -> None:
    if setting == "JOBS":
        get_settings.cache_clear()


setting_changed.connect(_forget, dispatch_uid="jobs.conf")
