"""The options of a job class, checked once when the class is defined."""

import difflib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeGuard

from django.utils import timezone

from jobs.errors import InvalidArguments, InvalidJob
from jobs.habits import OPTIONS
from jobs.text import brief, shortened

QUEUE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}\Z")
#: What `QUEUE_NAME` accepts, in words.
A_QUEUE_NAME = "1 to 100 letters, digits, '_', '.' or '-'"
#: Django's range of priorities; the higher runs first.
PRIORITIES = range(-100, 101)
#: About 100 years: no duration is longer, and no job waits longer.
#: Much later times would spoil the order of priorities.
LONGEST = timedelta(days=36_525)
#: Longest name of an option in a message.
_MOST_NAME = 100


def check_queue_name(name: object) -> str:
    """Return the name of a queue, or raise InvalidJob.

    It is 1 to 100 letters, digits, `_`, `.` or `-`.
    """
    if _is_queue_name(name):
        return name
    raise InvalidJob(f"queue must be {A_QUEUE_NAME}, not {brief(name)}.")


def _is_queue_name(name: object) -> TypeGuard[str]:
    return isinstance(name, str) and QUEUE_NAME.match(name) is not None


def check_moment(moment: datetime, name: str) -> datetime:
    """Return an aware datetime, or raise InvalidArguments for one that no job can have.

    It must lie between 1970 and about 100 years from now.
    """
    if 0 <= moment.timestamp() <= time.time() + LONGEST.total_seconds():
        return moment
    raise InvalidArguments(f"{name} is {moment}; it must lie between 1970 and 100 years from now.")


def check_run_after(run_after: object, owner: str) -> datetime | timedelta:
    """Return when a job is to run, or raise InvalidArguments, which names the `owner`."""
    if isinstance(run_after, timedelta):
        if run_after < timedelta(0):
            raise InvalidArguments(f"{owner}: run_after is {run_after}, which is in the past.")
        if run_after > LONGEST:
            raise InvalidArguments(f"{owner}: run_after is {run_after}, but at most 100 years.")
        return run_after
    if not isinstance(run_after, datetime):
        raise InvalidArguments(
            f"{owner}: run_after must be a timedelta or an aware datetime, not {brief(run_after)}."
        )
    if timezone.is_naive(run_after):
        raise InvalidArguments(
            f"{owner}: run_after is the naive datetime {run_after}; make it aware, for example "
            "with django.utils.timezone.make_aware()."
        )
    return check_moment(run_after, f"{owner}: run_after")


def check_commit(commit: object, owner: str) -> str:
    """Return when a job is to be pushed, or raise InvalidArguments."""
    if not isinstance(commit, str) or commit not in {"on_commit", "immediate"}:
        problem = f"commit must be 'on_commit' or 'immediate', not {brief(commit)}."
        raise InvalidArguments(f"{owner}: {problem}")
    return commit


@dataclass(frozen=True, slots=True)
class Option:
    """An option that a feature or a middleware understands.

    It knows whether a value is right, and what it must be, in words. `fit` of a feature gets each
    class that can perform, its value if that is not None, and all options of the class. It raises
    InvalidJob where they do not suit each other.
    """

    is_valid: Callable[[Any], bool]
    expected: str
    fit: Callable[[type[Any], Any, "JobOptions"], None] | None = None


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What a job class says about how its jobs are queued, retried and kept.

    `None` for `max_retries` means the setting MAX_RETRIES. `retry_for` replaces the
    count by a duration since the first failure. `time_limit` is the longest that one
    run may take. `others` are the options that features
    and middleware declare.
    """

    queue: str = "default"
    priority: int = 0
    max_retries: int | None = None
    retry_for: timedelta | None = None
    time_limit: timedelta | None = None
    dead: bool = True
    backtrace: bool = True
    others: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def merged(
        self,
        changes: Mapping[str, Any],
        owner: str,
        declared: Callable[[], Mapping[str, Option]],
        besides: str = "",
    ) -> "JobOptions":
        """Return a copy with these changes, each checked.

        A bad one raises InvalidJob, which names the `owner`. `declared` returns the
        options of the middleware. It is asked only for names that are not our own.
        `besides` is a sentence: what may be written there that is no option.
        """
        if not changes:
            return self
        for name, value in changes.items():
            rules = _rules_for(name, declared)
            if name not in rules:
                raise _unknown(name, owner, rules, besides)
            _check(name, value, owner, rules[name])
        own = {name: value for name, value in changes.items() if name in _RULES}
        others = {name: value for name, value in changes.items() if name not in _RULES}
        limits = [name for name in RIVALS if own.get(name) is not None]
        if len(limits) > 1:
            raise InvalidJob(
                f"{owner}: max_retries and retry_for exclude each other; keep one of them."
            )
        own |= {RIVALS[name]: None for name in limits}
        return replace(self, **own, others=MappingProxyType({**self.others, **others}))


#: Options of which the one said last replaces the other.
RIVALS: Mapping[str, str] = MappingProxyType(
    {"max_retries": "retry_for", "retry_for": "max_retries"}
)


def is_duration(value: object) -> bool:
    """Tell whether a value is None or a positive timedelta, at most 100 years."""
    return value is None or (isinstance(value, timedelta) and timedelta(0) < value <= LONGEST)


#: What `is_duration` accepts, in words.
A_DURATION = "a positive timedelta of at most 100 years"


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_RULES: Mapping[str, Option] = MappingProxyType(
    {
        "queue": Option(_is_queue_name, A_QUEUE_NAME),
        "priority": Option(
            lambda v: type(v) is int and v in PRIORITIES, "a whole number from -100 to 100"
        ),
        "max_retries": Option(lambda v: v is None or _is_count(v), "a whole number, 0 or more"),
        "retry_for": Option(is_duration, A_DURATION),
        "time_limit": Option(is_duration, A_DURATION),
        "dead": Option(lambda v: isinstance(v, bool), "True or False"),
        "backtrace": Option(lambda v: isinstance(v, bool), "True or False"),
    },
)


#: Options that job classes have by default, and the middleware that declares each. For a message.
OF_DEFAULT_MIDDLEWARE: Mapping[str, str] = MappingProxyType(
    {
        "expires_in": "jobs.middleware.expiry.ExpiryMiddleware",
        "transient_errors": "jobs.middleware.transient.TransientErrorsMiddleware",
    }
)


#: Options that features declare, by name.
_declared: dict[str, Option] = {}


def declare_option(name: str, option: Option) -> None:
    """Let job classes have an option that a feature understands.

    It is found in `others`, and with `job.option(name)`. Call it when the feature is
    imported.
    """
    _declared[name] = option


def check_fit(job_class: type[Any], options: JobOptions) -> None:
    """Have the features look whether their options suit a class. Raise InvalidJob."""
    for name, value in options.others.items():
        option = _declared.get(name)
        if option is not None and option.fit is not None and value is not None:
            option.fit(job_class, value, options)


def is_declared(name: str) -> bool:
    """Return whether a name is an option of our own or of a feature."""
    return name in _RULES or name in _declared


def _rules_for(
    name: str, by_middleware: Callable[[], Mapping[str, Option]]
) -> Mapping[str, Option]:
    """Return the rules among which an option is looked for.

    Middleware is asked last: it may not be importable yet, while a project's classes
    are defined.
    """
    if name in _RULES:
        return _RULES
    if name in _declared:
        return _declared
    return {**_declared, **by_middleware()}


def _unknown(name: str, owner: str, rules: Mapping[str, Option], besides: str) -> InvalidJob:
    if path := OF_DEFAULT_MIDDLEWARE.get(name):
        return InvalidJob(
            f"{owner}: option {name!r} is one of {path}. List that in JOBS['MIDDLEWARE']."
        )
    names = list(dict.fromkeys((*_RULES, *rules)))
    return InvalidJob(
        f"{owner}: unknown option {shortened(name, _MOST_NAME)!r}.{_hint(name, names)} "
        f"Known options: {', '.join(names)}. {besides}".rstrip()
    )


def _check(name: str, value: object, owner: str, rule: Option) -> None:
    try:
        valid = rule.is_valid(value)
    except TypeError:
        valid = False
    if not valid:
        raise InvalidJob(f"{owner}: option {name!r} must be {rule.expected}, not {brief(value)}.")


def _hint(name: str, names: list[str]) -> str:
    """Return what to write instead of an unknown option, or nothing."""
    if advice := OPTIONS.get(name):
        return f" Instead of it, {advice}."
    near = difflib.get_close_matches(shortened(name, _MOST_NAME), names, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
