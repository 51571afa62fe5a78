"""The options of a job class, checked once when the class is defined. Used by `job`, `enqueue` and the worker."""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from jobs.errors import InvalidJob

QUEUE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}\Z")
#: Django's range of priorities; the higher runs first.
PRIORITIES = range(-100, 101)


def check_queue_name(name: object) -> str:
    """Return the name of a queue, or raise InvalidJob: letters, digits, `_`, `.`, `-`, at most 100 of them."""
    if isinstance(name, str) and QUEUE_NAME.match(name):
        return name
    raise InvalidJob(f"queue must be 1 to 100 letters, digits, '_', '.' or '-', not {name!r}.")


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What a job class says about how its jobs are queued, retried and kept.

    `None` for `max_retries` means the setting MAX_RETRIES. `retry_for` replaces the count by a duration since the
    first failure. `expires_in` is counted from the moment the job may first run.
    """

    queue: str = "default"
    priority: int = 0
    max_retries: int | None = None
    retry_for: timedelta | None = None
    dead: bool = True
    expires_in: timedelta | None = None
    keep_result_for: timedelta | None = None
    transient_errors: tuple[type[BaseException], ...] = ()
    backtrace: bool = True

    def merged(self, changes: Mapping[str, Any], owner: str) -> "JobOptions":
        """Return a copy with these changes, each checked; `owner` is named in the InvalidJob that a bad one raises."""
        for name, value in changes.items():
            _check(name, value, owner)
        merged = replace(self, **changes)
        if "max_retries" in changes and "retry_for" in changes:
            raise InvalidJob(f"{owner}: max_retries and retry_for exclude each other; keep one of them.")
        return merged


def _is_positive(value: object) -> bool:
    return isinstance(value, timedelta) and value > timedelta(0)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_error_tuple(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(e, type) and issubclass(e, BaseException) for e in value)


_RULES: Mapping[str, tuple[Callable[[Any], bool], str]] = MappingProxyType(
    {
        "queue": (
            lambda v: isinstance(v, str) and QUEUE_NAME.match(v) is not None,
            "1 to 100 letters, digits, '_', '.' or '-'",
        ),
        "priority": (lambda v: _is_count(abs(v)) and v in PRIORITIES, "a whole number from -100 to 100"),
        "max_retries": (lambda v: v is None or _is_count(v), "a whole number, 0 or more"),
        "retry_for": (lambda v: v is None or _is_positive(v), "a positive timedelta"),
        "dead": (lambda v: isinstance(v, bool), "True or False"),
        "expires_in": (lambda v: v is None or _is_positive(v), "a positive timedelta"),
        "keep_result_for": (lambda v: v is None or _is_positive(v), "a positive timedelta"),
        "transient_errors": (_is_error_tuple, "a tuple of exception classes"),
        "backtrace": (lambda v: isinstance(v, bool), "True or False"),
    },
)

OPTION_NAMES = tuple(field.name for field in fields(JobOptions))


def _check(name: str, value: object, owner: str) -> None:
    if name not in _RULES:
        near = difflib.get_close_matches(name, OPTION_NAMES, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        known = ", ".join(OPTION_NAMES)
        raise InvalidJob(
            f"{owner}: unknown option {name!r}.{hint} Known options: {known}. "
            "Name a constant of your own in CAPITALS or with a leading underscore."
        )
    is_valid, expected = _RULES[name]
    try:
        valid = is_valid(value)
    except TypeError:
        valid = False
    if not valid:
        raise InvalidJob(f"{owner}: option {name!r} must be {expected}, not {value!r}.")
