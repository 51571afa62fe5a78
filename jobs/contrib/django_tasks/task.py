"""A task with the options of job classes, and the decorator that makes one.

    @task(max_retries=5, time_limit=timedelta(minutes=2))
    def send_receipt(order_id: int) -> str: ...

Django's own decorator takes these options too from 6.1 on, and so does that of the backport.
"""

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from operator import attrgetter, is_
from typing import Any, TypeGuard, overload

from django.utils.module_loading import import_string

from jobs.contrib.django_tasks.plain import plain_metadata
from jobs.contrib.django_tasks.versions import (
    DEFAULT_TASK_BACKEND_ALIAS,
    DEFAULT_TASK_PRIORITY,
    DEFAULT_TASK_QUEUE_NAME,
    AnyResult,
    AnyTask,
    InvalidTask,
    task_backends,
)
from jobs.errors import ConfigurationError, InvalidJob
from jobs.features.unique import Unique
from jobs.middleware.chain import declared_options
from jobs.options import RIVALS, JobOptions, is_declared
from jobs.text import brief

#: How long the result of a task is kept that does not say.
KEEP_RESULT_FOR = timedelta(days=1)
#: Gets the error of a run and the result as that run left it. Returns the seconds until the next
#: run, or None for no other.
Backoff = Callable[[BaseException, AnyResult], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsTask(AnyTask):
    """A task with the options of job classes.

    They mean here what they mean there. None is "not said". Only `keep_result_for=None` in the
    decorator says that no result is kept. `options` holds those of middleware. `max_attempts`,
    `backoff` and `metadata` are words of proposals for Django.
    """

    max_retries: int | None = None
    retry_for: timedelta | None = None
    time_limit: timedelta | None = None
    expires_in: timedelta | None = None
    transient_errors: tuple[type[BaseException], ...] | None = None
    unique: Unique | None = None
    dead: bool | None = None
    backtrace: bool | None = None
    keep_result_for: timedelta | None = KEEP_RESULT_FOR
    schedule: Any = field(default=None, hash=False)
    schedulable: bool | None = None
    max_attempts: int | None = None
    backoff: Backoff | None = None
    metadata: Mapping[str, Any] | None = field(default=None, hash=False)
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def using(  # as Django has it
        self,
        *,
        priority: int | None = None,
        queue_name: str | None = None,
        run_after: datetime | None = None,
        backend: str | None = None,
        **options: Any,
    ) -> "JobsTask":
        """Return a copy with these changed. None changes nothing.

        Beside those of Django it takes the options of this class, but those that belong to the
        function: `unique`, `transient_errors`, schedules, `max_attempts` and `backoff`. `options`
        are added to those it has.
        """
        named = {
            "priority": priority,
            "queue_name": queue_name,
            "run_after": run_after,
            "backend": backend,
        }
        said = {name: value for name, value in (named | options).items() if value is not None}
        for name in said.keys() & _OF_THE_FUNCTION:
            raise InvalidTask(f"{self.module_path}: {name} belongs to the function: say it there.")
        _check_known(self.module_path, options)
        if "options" in said:
            _check_of_middleware(self.module_path, said["options"])
            said["options"] = {**self.options, **said["options"]}
        rivals = {rival: None for name, rival in RIVALS.items() if name in said}
        if rivals:
            rivals["max_attempts"] = None
        return replace(self, **(rivals | said))


#: Options that no call changes.
_OF_THE_FUNCTION = frozenset(
    {"unique", "transient_errors", "schedule", "schedulable", "max_attempts", "backoff"}
)
#: What a task says by the words of proposals, which are no options of job classes.
_PROPOSED = ("max_attempts", "backoff", "metadata")
_OTHERS = (*_PROPOSED, "options")
#: The options of job classes that a task has. Those of middleware are in its `options`.
OPTION_NAMES = tuple(
    f.name for f in fields(JobsTask) if f.name in JobsTask.__annotations__ and f.name not in _OTHERS
)


@overload
def task(function: Callable[..., Any], /) -> JobsTask: ...


@overload
def task(
    *,
    priority: int = ...,
    queue_name: str = ...,
    backend: str = ...,
    takes_context: bool = ...,
    **options: Any,
) -> Callable[[Callable[..., Any]], JobsTask]: ...


def task(  # as Django has it
    function: Callable[..., Any] | None = None,
    *,
    priority: int = DEFAULT_TASK_PRIORITY,
    queue_name: str = DEFAULT_TASK_QUEUE_NAME,
    backend: str = DEFAULT_TASK_BACKEND_ALIAS,
    takes_context: bool = False,
    **options: Any,
) -> Any:
    """Make a task of a function, with the options of `JobsTask`.

    Django 6.0 needs this decorator, since its own takes no options. `run_after` is for `using()`.
    """
    if "run_after" in options:
        raise TypeError("run_after belongs to a call: write .using(run_after=...).enqueue(...).")

    def make(f: Callable[..., Any]) -> AnyTask:
        _check_known(f"{f.__module__}.{f.__qualname__}", options)
        return task_backends[backend].task_class(
            func=f,
            priority=priority,
            queue_name=queue_name,
            backend=backend,
            takes_context=takes_context,
            run_after=None,
            **options,
        )

    return make if function is None else make(function)


def _check_known(path: str, options: Mapping[str, Any]) -> None:
    """Raise TypeError for an option that tasks have not."""
    known = (*OPTION_NAMES, *_OTHERS)
    for name in options.keys() - set(known):
        near = get_close_matches(name, (*known, "priority", "queue_name", "backend"), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise TypeError(
            f"{path}: unknown option {name!r}.{hint} Known options: {', '.join(known)}."
        )


#: Returns the options of a task beside those of Django.
_said = attrgetter(*OPTION_NAMES, *_OTHERS, "backend")


def says_the_same(task: AnyTask, other: AnyTask) -> bool:
    """Tell whether two tasks have the very same options beside those of Django."""
    if not (isinstance(task, JobsTask) and isinstance(other, JobsTask)):
        return False
    return all(map(is_, _said(task), _said(other)))


def stated_options(task: AnyTask) -> dict[str, Any]:
    """Return the options of a task as those of a job class.

    It may be a task of Django's own class.
    """
    found = {name: getattr(task, name, None) for name in OPTION_NAMES}
    stated = {name: value for name, value in found.items() if value is not None}
    if not stated.keys() & RIVALS.keys() and (attempts := _max_attempts_of(task)) is not None:
        stated["max_retries"] = attempts - 1
    stated["keep_result_for"] = getattr(task, "keep_result_for", KEEP_RESULT_FOR)
    stated |= {"queue": task.queue_name, "priority": int(task.priority)}
    return stated | dict(getattr(task, "options", {}))


def _max_attempts_of(task: AnyTask) -> int | None:
    """Return how often a task may run, None if nobody says it.

    The task says it, or else its entry of TASKS.
    """
    stated: int | None = getattr(task, "max_attempts", None)
    if stated is not None:
        return stated
    attempts = getattr(backend_at(task.backend), "max_attempts", None)
    return attempts if is_attempts(attempts) else None  # a check tells of a wrong one


def backoff_of(task: AnyTask, alias: str) -> Backoff | None:
    """Return what says when a failed task is tried again.

    That is the function of the task, or else of the entry of TASKS. Raise ImportError for a path
    that leads nowhere.
    """
    found = getattr(task, "backoff", None) or getattr(backend_at(alias), "backoff", None)
    return import_string(found) if isinstance(found, str) else found


def backend_at(alias: str) -> Any:
    """Return the backend of an alias.

    None stands for one that this process has not, or whose entry in TASKS no backend takes: a task
    runs all the same.
    """
    with suppress(Exception):
        return task_backends[alias]
    return None


def is_attempts(value: object) -> TypeGuard[int]:
    """Tell whether a value can be the most runs of a task."""
    return type(value) is int and value >= 1


def check_options(task: AnyTask) -> JobOptions | None:
    """Return the options of a task, checked. Raise InvalidTask.

    Return None where JOBS is wrong: the system checks say how, and every enqueue does.
    """
    _check_of_middleware(task.module_path, getattr(task, "options", {}))
    _check_proposed(task)
    with suppress(ConfigurationError):
        try:
            return JobOptions().merged(stated_options(task), task.module_path, declared_options)
        except InvalidJob as error:
            raise InvalidTask(str(error)) from error
    return None


def _check_of_middleware(path: str, options: object) -> None:
    """Raise InvalidTask unless these are options of middleware.

    Those of queue and priority would pass by the checks of the backend.
    """
    if not isinstance(options, Mapping):
        raise InvalidTask(f"{path}: options must be a dictionary, not {brief(options)}.")
    for name in options:
        if is_declared(name):
            raise InvalidTask(
                f"{path}: options holds those of middleware, and {name!r} is none. Beside it a "
                f"task has priority, queue_name, {', '.join((*OPTION_NAMES, *_PROPOSED))}."
            )


def _check_proposed(task: AnyTask) -> None:
    """Raise InvalidTask for what the words of proposals cannot mean."""
    path, attempts = task.module_path, getattr(task, "max_attempts", None)
    if attempts is not None and not is_attempts(attempts):
        raise InvalidTask(
            f"{path}: max_attempts must be a whole number, 1 or more, not {brief(attempts)}."
        )
    for rival in RIVALS if attempts is not None else ():
        if getattr(task, rival, None) is not None:
            raise InvalidTask(f"{path}: max_attempts and {rival} exclude each other; keep one.")
    backoff = getattr(task, "backoff", None)
    if backoff is not None and not callable(backoff):
        raise InvalidTask(f"{path}: backoff must be a function, not {brief(backoff)}.")
    metadata = getattr(task, "metadata", None)
    if metadata is not None:
        try:
            plain_metadata(metadata, sys.maxsize)
        except (TypeError, ValueError) as error:
            raise InvalidTask(f"{path}: metadata must be a dict of JSON. {error}") from error
