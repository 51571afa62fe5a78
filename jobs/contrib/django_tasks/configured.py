"""What enqueues the jobs of a task.

It is the job class of its function, with what this very task changes of it.
"""

from typing import Any

from jobs.contrib.django_tasks.classes import task_classes
from jobs.contrib.django_tasks.plain import plain
from jobs.contrib.django_tasks.results import ALIAS, METADATA, task_at
from jobs.contrib.django_tasks.run_after import aware
from jobs.contrib.django_tasks.task import says_the_same, stated_options
from jobs.contrib.django_tasks.versions import AnyTask, InvalidTask
from jobs.errors import InvalidJob, UnknownJob


def configured(task: AnyTask, alias: str, commit: str | None) -> Any:
    """Return the job class of a task, or what its `using()` returns.

    Raise InvalidTask for a task that no worker would find.
    """
    path = task.module_path
    try:
        base, job_class = task_at(path), task_classes.find(path)
    except UnknownJob as error:
        raise InvalidTask(str(error)) from error
    if base is None or job_class is None or base.func is not task.func:
        raise InvalidTask(
            f"{path} is not this task, so no worker would find it. Let the decorated function "
            "keep its name, at the top of a module that workers import."
        )
    changes = _changes(task, base)
    if alias != base.backend:
        changes[ALIAS] = alias
    if metadata := getattr(task, "metadata", None):
        changes[METADATA] = plain(metadata)
    if not changes and task.run_after is None and commit is None:
        return job_class
    try:
        return job_class.using(run_after=aware(task.run_after), commit=commit, **changes)
    except InvalidJob as error:
        raise InvalidTask(str(error)) from error


def _changes(task: AnyTask, base: AnyTask) -> dict[str, Any]:
    """Return the options that differ between a task and that of its module."""
    if says_the_same(task, base):
        new = {"queue": task.queue_name, "priority": int(task.priority)}
        old = {"queue": base.queue_name, "priority": int(base.priority)}
    else:
        new, old = stated_options(task), stated_options(base)
    return {name: new.get(name) for name in {*new, *old} if new.get(name) != old.get(name)}
