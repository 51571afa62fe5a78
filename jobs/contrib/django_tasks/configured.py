"""What enqueues the jobs of a task.

It is the job class of its function, with what this very task changes of it.
"""

import functools
from typing import Any

from jobs.contrib.django_tasks.classes import task_classes
from jobs.contrib.django_tasks.plain import plain
from jobs.contrib.django_tasks.results import ALIAS, METADATA
from jobs.contrib.django_tasks.run_after import aware
from jobs.contrib.django_tasks.task import says_the_same, stated_options
from jobs.contrib.django_tasks.task_job import TaskJob
from jobs.contrib.django_tasks.versions import AnyTask, InvalidTask
from jobs.errors import InvalidJob, UnknownJob


def configured(task: AnyTask, alias: str, commit: str | None) -> Any:
    """Return the job class of a task, or what its `using()` returns.

    Raise InvalidTask for a task that no worker would find.
    """
    path = task.module_path
    try:
        job_class, base = task_classes.find(path), task_classes.known(path)
    except UnknownJob as error:
        raise InvalidTask(str(error)) from error
    if job_class is None or base is None or base.func is not task.func:
        raise InvalidTask(
            f"{path} is not this task, so no worker would find it. Let the decorated function "
            "keep its name, at the top of a module that workers import."
        )
    try:
        if _is_as_stated(task, base, alias):
            # mypy takes the class for one of its instances.
            found = _placed(job_class, task.queue_name, task.priority, commit)  # type: ignore[arg-type]
        else:
            found = job_class.using(commit=commit, **_changes(task, base, alias))
        return found if task.run_after is None else found.using(run_after=aware(task.run_after))
    except InvalidJob as error:
        raise InvalidTask(str(error)) from error


def _is_as_stated(task: AnyTask, base: AnyTask, alias: str) -> bool:
    """Tell whether a task has the options of that of its module.

    Its queue, its priority and its time may differ.
    """
    has_metadata = bool(getattr(task, "metadata", None))
    return alias == base.backend and not has_metadata and says_the_same(task, base)


@functools.lru_cache(maxsize=1_000)
def _placed(job_class: type[TaskJob], queue: str, priority: int, commit: str | None) -> Any:
    """Return what enqueues into a queue, with a priority.

    It is remembered, since each `using()` of a task makes another task.
    """
    wanted: dict[str, Any] = {"queue": queue, "priority": int(priority)}
    options = job_class.options
    changes = {name: value for name, value in wanted.items() if value != getattr(options, name)}
    return job_class.using(commit=commit, **changes) if changes or commit else job_class


def _changes(task: AnyTask, base: AnyTask, alias: str) -> dict[str, Any]:
    """Return the options that differ between a task and that of its module."""
    new, old = stated_options(task), stated_options(base)
    changes = {name: new.get(name) for name in {*new, *old} if new.get(name) != old.get(name)}
    if alias != base.backend:
        changes[ALIAS] = alias
    if metadata := getattr(task, "metadata", None):
        changes[METADATA] = plain(metadata)
    return changes
