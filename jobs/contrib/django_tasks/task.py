"""A task with the options of job classes, and the decorator that makes one.

    @task(max_retries=5, time_limit=timedelta(minutes=2))
    def send_receipt(order_id: int) -> str: ...

Django's own decorator takes these options too from 6.1 on, and so does that of the backport.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any, overload

from jobs.contrib.django_tasks.versions import (
    DEFAULT_TASK_BACKEND_ALIAS,
    DEFAULT_TASK_PRIORITY,
    DEFAULT_TASK_QUEUE_NAME,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsTask(AnyTask):
    """A task with the options of job classes.

    They mean here what they mean there. None is "not said". Only `keep_result_for=None` in the
    decorator says that no result is kept. `options` holds those of middleware.
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

        Beside those of Django it takes the options of this class, but `unique` and
        `transient_errors`, which belong to the function. `options` are added to those it has.
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
        return replace(self, **(rivals | said))


#: Options that no call changes.
_OF_THE_FUNCTION = frozenset({"unique", "transient_errors"})
#: The options of ours that a task has. Those of middleware are in its `options`.
OPTION_NAMES = tuple(
    f.name for f in fields(JobsTask) if f.name in JobsTask.__annotations__ and f.name != "options"
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
    known = (*OPTION_NAMES, "options")
    for name in options.keys() - set(known):
        near = get_close_matches(name, (*known, "priority", "queue_name", "backend"), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise TypeError(
            f"{path}: unknown option {name!r}.{hint} Known options: {', '.join(known)}."
        )


def stated_options(task: AnyTask) -> dict[str, Any]:
    """Return the options of a task as those of a job class.

    It may be a task of Django's own class.
    """
    found = {name: getattr(task, name, None) for name in OPTION_NAMES}
    stated = {name: value for name, value in found.items() if value is not None}
    stated["keep_result_for"] = getattr(task, "keep_result_for", KEEP_RESULT_FOR)
    stated |= {"queue": task.queue_name, "priority": int(task.priority)}
    return stated | dict(getattr(task, "options", {}))


def check_options(task: AnyTask) -> JobOptions | None:
    """Return the options of a task, checked. Raise InvalidTask.

    Return None where JOBS is wrong: the system checks say how, and every enqueue does.
    """
    _check_of_middleware(task.module_path, getattr(task, "options", {}))
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
                f"task has priority, queue_name, {', '.join(OPTION_NAMES)}."
            )
