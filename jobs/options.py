"""The options of a job class, checked once when the class is defined. Used by `job`, `enqueue` and the worker."""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
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
class Option:
    """An option that a middleware understands: whether a value is right, and what it must be, in words."""

    is_valid: Callable[[Any], bool]
    expected: str


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What a job class says about how its jobs are queued, retried and kept.

    `None` for `max_retries` means the setting MAX_RETRIES. `retry_for` replaces the count by a duration since the
    first failure. `others` are the options that middleware declares.
    """

    queue: str = "default"
    priority: int = 0
    max_retries: int | None = None
    retry_for: timedelta | None = None
    dead: bool = True
    keep_result_for: timedelta | None = None
    backtrace: bool = True
    others: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def merged(
        self, changes: Mapping[str, Any], owner: str, declared: Callable[[], Mapping[str, Option]]
    ) -> "JobOptions":
        """Return a copy with these changes, each checked; `owner` is named in the InvalidJob that a bad one raises.

        `declared` returns the options of the middleware; it is asked only for names that are not our own.
        """
        if not changes:
            return self
        for name, value in changes.items():
            _check(name, value, owner, _RULES if name in _RULES else declared())
        own = {name: value for name, value in changes.items() if name in _RULES}
        others = {name: value for name, value in changes.items() if name not in _RULES}
        limits = [name for name in RIVALS if own.get(name) is not None]
        if len(limits) > 1:
            raise InvalidJob(f"{owner}: max_retries and retry_for exclude each other; keep one of them.")
        own |= {RIVALS[name]: None for name in limits}
        return replace(self, **own, others=MappingProxyType({**self.others, **others}))


#: Options of which the one said last replaces the other.
RIVALS: Mapping[str, str] = MappingProxyType({"max_retries": "retry_for", "retry_for": "max_retries"})


def is_duration(value: object) -> bool:
    """Tell whether a value is a positive timedelta, or None for none."""
    return value is None or (isinstance(value, timedelta) and value > timedelta(0))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_RULES: Mapping[str, Option] = MappingProxyType(
    {
        "queue": Option(
            lambda v: isinstance(v, str) and QUEUE_NAME.match(v) is not None,
            "1 to 100 letters, digits, '_', '.' or '-'",
        ),
        "priority": Option(lambda v: type(v) is int and v in PRIORITIES, "a whole number from -100 to 100"),
        "max_retries": Option(lambda v: v is None or _is_count(v), "a whole number, 0 or more"),
        "retry_for": Option(is_duration, "a positive timedelta"),
        "dead": Option(lambda v: isinstance(v, bool), "True or False"),
        "keep_result_for": Option(is_duration, "a positive timedelta"),
        "backtrace": Option(lambda v: isinstance(v, bool), "True or False"),
    },
)


OPTION_NAMES = frozenset(_RULES)


def _check(name: str, value: object, owner: str, rules: Mapping[str, Option]) -> None:
    if name not in rules:
        names = (*_RULES, *rules)
        near = difflib.get_close_matches(name, names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise InvalidJob(
            f"{owner}: unknown option {name!r}.{hint} Known options: {', '.join(names)}. "
            "Name a constant of your own in CAPITALS or with a leading underscore."
        )
    try:
        valid = rules[name].is_valid(value)
    except TypeError:
        valid = False
    if not valid:
        raise InvalidJob(f"{owner}: option {name!r} must be {rules[name].expected}, not {value!r}.")
