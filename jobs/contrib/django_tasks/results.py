"""Results as Django's tasks know them, made of what Redis has.

Whoever reads a result may have other settings than whoever enqueued the task, or other code. So
no task is validated here, and no result raises. Only `task_at` raises what a module raises.
"""

import re
import sys
from dataclasses import MISSING, fields
from datetime import datetime
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings

from jobs.contrib.django_tasks.note import TaskNote
from jobs.contrib.django_tasks.task import OPTION_NAMES, JobsTask
from jobs.contrib.django_tasks.versions import (
    DEFAULT_TASK_BACKEND_ALIAS,
    AnyResult,
    AnyTask,
    Task,
    TaskError,
    TaskResult,
    TaskResultStatus,
)
from jobs.errors import UnknownJob, WorkerCrashed
from jobs.making import changes_of
from jobs.moment import moment
from jobs.payload import JobError, Payload
from jobs.store.whereabouts import Whereabout

#: The option under which the alias of a backend travels that is not the task's own.
ALIAS = "task_backend"
#: The path of a function: two names at least, and no longer than a name can be.
_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+\Z")
_MOST_PATH = 300
#: The class of a crash, as a supervisor writes it down.
_CRASH = WorkerCrashed.__name__
_KILLED = TaskError(
    exception_class_path="jobs.result_errors.JobDied",
    traceback="jobs.result_errors.JobDied: A person killed the job before it ran.\n",
)


def result_of(
    payload: Payload,
    task: AnyTask,
    status: TaskResultStatus,
    note: TaskNote,
    finished_at: float | None = None,
) -> AnyResult:
    """Return the result of a task, whose payload is as it is stored."""
    is_over = status in {TaskResultStatus.SUCCESSFUL, TaskResultStatus.FAILED}
    result = TaskResult(
        task=task,
        id=payload.id,
        status=status,
        enqueued_at=time_of(payload.enqueued_at),
        started_at=time_of(note.runs[0][0]) if note.runs else None,
        last_attempted_at=time_of(note.runs[-1][0]) if note.runs else None,
        finished_at=time_of(finished_at) if is_over else None,
        args=payload.args,
        kwargs=payload.kwargs,
        backend=task.backend,
        errors=_errors_of(payload, status),
        worker_ids=[worker for _, worker in note.runs],
    )
    if status == TaskResultStatus.SUCCESSFUL:
        object.__setattr__(result, "_return_value", payload.result)
    return result


def result_at(place: Whereabout, payload: Payload, note: TaskNote) -> AnyResult:
    """Return the result of a task that was found in a place."""
    task = task_of(payload)
    status = _status_of(place, payload)
    if not note.runs:
        note = TaskNote.of_errors(payload)
    last = payload.errors[-1]["at"] if payload.errors else None
    return result_of(payload, task, status, note, payload.finished_at or last)


def _status_of(place: Whereabout, payload: Payload) -> TaskResultStatus:
    if place == "running":
        return TaskResultStatus.RUNNING
    if place == "dead" or (place == "done" and payload.result_lost):
        return TaskResultStatus.FAILED
    return TaskResultStatus.SUCCESSFUL if place == "done" else TaskResultStatus.READY


def _errors_of(payload: Payload, status: TaskResultStatus) -> list[TaskError]:
    errors = [_error_of(error) for error in payload.errors]
    if errors or status != TaskResultStatus.FAILED:
        return errors
    return [_lost(payload.result_lost) if payload.result_lost else _KILLED]


def _lost(reason: str) -> TaskError:
    name = "jobs.result_errors.KeepsNoResult"
    line = f"{name}: What the task returned was not kept: {reason}.\n"
    return TaskError(exception_class_path=name, traceback=line)


def _error_of(error: JobError) -> TaskError:
    """Return an error.

    Of earlier ones the traceback is not kept, so it is their last line.
    """
    name = error["class"]
    path = name
    if "." not in name:
        path = f"{'jobs.errors' if name == _CRASH else 'builtins'}.{name}"
    last_line = f"{name}: {error['message']}\n"
    return TaskError(exception_class_path=path, traceback=str(error.get("traceback") or last_line))


def time_of(seconds: float | None) -> datetime | None:
    """Return a moment as Django would.

    It is aware with USE_TZ, and of the local time without it.
    """
    if seconds is None:
        return None
    aware = moment(seconds)
    return aware if settings.USE_TZ else aware.astimezone().replace(tzinfo=None)


def may_import(path: str) -> bool:
    """Tell whether a function may be imported because a job in Redis names it.

    Its module may be if it is there already, if it belongs to an app, or to the package of the
    settings. A `__main__` may never be: it is made to do things, and each process has another.
    """
    if len(path) > _MOST_PATH or not _PATH.match(path):
        return False
    module = path.rpartition(".")[0]
    if "__main__" in module.split("."):
        return False
    if module in sys.modules or apps.get_containing_app_config(module) is not None:
        return True
    own = str(getattr(settings, "SETTINGS_MODULE", "") or "").partition(".")[0]
    return bool(own) and module.partition(".")[0] == own


def task_at(path: str) -> AnyTask | None:
    """Return the task of this path, None if there is none.

    Raise what its module raises. Beside that no code of the project runs: nothing lazy is woken by
    a look.
    """
    name_of_module, _, name = path.rpartition(".")
    try:
        module = import_module(name_of_module)
    except ModuleNotFoundError as error:
        if f"{name_of_module}.".startswith(f"{error.name}."):  # there is no such module
            return None
        raise
    found = vars(module).get(name)
    return found if issubclass(type(found), Task) else None


def task_of(payload: Payload) -> AnyTask:
    """Return the task as it was enqueued.

    For one that is not there any more, or that may not be imported, something of its name is
    returned.
    """
    try:
        base = task_at(payload.job_class) if may_import(payload.job_class) else None
    except (Exception, SystemExit):  # noqa: BLE001  # its module is broken: its results can be read all the same
        base = None
    said = _said_in(payload)
    if base is None:
        missing = {"func": _stand_in(payload.job_class), "takes_context": False}
        return _unvalidated(JobsTask, {"backend": DEFAULT_TASK_BACKEND_ALIAS} | missing | said)
    if "options" in said:
        said["options"] = {**getattr(base, "options", {}), **said["options"]}
    return _unvalidated(type(base), {f.name: getattr(base, f.name) for f in fields(base)} | said)


def _said_in(payload: Payload) -> dict[str, Any]:
    """Return the fields of a task that its payload tells."""
    try:
        changes = changes_of(payload)
    except (TypeError, ValueError, OverflowError):  # durations that are none: no worker runs it
        changes = {}
    said = {name: value for name, value in changes.items() if name in OPTION_NAMES}
    if isinstance(alias := changes.get(ALIAS), str):
        said["backend"] = alias
    if others := {n: v for n, v in changes.items() if n not in OPTION_NAMES and n != ALIAS}:
        said["options"] = others
    return said | {
        "priority": payload.priority,
        "queue_name": payload.queue,
        "run_after": time_of(payload.run_after),
    }


def _unvalidated(kind: type[AnyTask], values: dict[str, Any]) -> AnyTask:
    made = object.__new__(kind)
    for each in fields(kind):
        if each.name in values:
            value = values[each.name]
        elif each.default_factory is not MISSING:
            value = each.default_factory()
        else:
            value = each.default
        object.__setattr__(made, each.name, value)
    return made


def _stand_in(path: str) -> Any:
    """Return a function of this path, which raises UnknownJob."""

    def missing(*args: Any, **kwargs: Any) -> None:
        raise UnknownJob(path)

    missing.__module__, _, missing.__name__ = path.rpartition(".")
    missing.__qualname__ = missing.__name__
    return missing
