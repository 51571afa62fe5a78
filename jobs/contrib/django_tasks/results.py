"""Results as Django's tasks know them, made of what Redis has.

Whoever reads a result may have other settings than whoever enqueued the task, or other code. So
no task is validated here, and no result raises. Only `task_at` raises what a module raises.
"""

import re
import sys
from dataclasses import MISSING, fields
from datetime import datetime
from functools import partial
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings

from jobs.contrib.django_tasks.metadata import JobsResult
from jobs.contrib.django_tasks.note import TaskNote
from jobs.contrib.django_tasks.plain import plain
from jobs.contrib.django_tasks.task import OPTION_NAMES, JobsTask
from jobs.contrib.django_tasks.versions import (
    DEFAULT_TASK_BACKEND_ALIAS,
    AnyResult,
    AnyTask,
    Task,
    TaskError,
    TaskResultStatus,
)
from jobs.errors import UnknownJob, WorkerCrashed
from jobs.moment import moment
from jobs.options import RIVALS
from jobs.payload import JobError, Payload
from jobs.store.whereabouts import Whereabout
from jobs.travelling import changes_of

#: The option under which the alias of a backend travels that is not the task's own.
ALIAS = "task_backend"
#: The option under which the metadata of a task travel.
METADATA = "task_metadata"
#: The path of a function: two names at least, and no longer than a name can be.
_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+\Z")
_MOST_PATH = 300
#: The class of a crash, as a supervisor writes it down.
_CRASH = WorkerCrashed.__name__
_OVER = frozenset({TaskResultStatus.SUCCESSFUL, TaskResultStatus.FAILED})
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
) -> JobsResult:
    """Return the result of a task, whose payload is as it is stored."""
    runs = note.runs
    started_at = time_of(runs[0][0]) if runs else None
    result = JobsResult.of_json(
        task=task,
        id=payload.id,
        status=status,
        enqueued_at=time_of(payload.enqueued_at),
        started_at=started_at,
        last_attempted_at=time_of(runs[-1][0]) if len(runs) > 1 else started_at,
        finished_at=None,
        args=plain(payload.args),  # the task may change its own
        kwargs=plain(payload.kwargs),
        backend=task.backend,
        errors=[],
        worker_ids=[worker for _, worker in runs],
        metadata=_metadata_of(payload, note),
    )
    settle(result, payload, status, finished_at)
    return result


def settle(
    result: AnyResult, payload: Payload, status: TaskResultStatus, finished_at: float | None
) -> None:
    """Let a result tell how its task stands, as Django's own backends do."""
    change = partial(object.__setattr__, result)
    change("status", status)
    change("errors", _errors_of(payload, status))
    if status in _OVER:
        change("finished_at", time_of(finished_at))
    if status == TaskResultStatus.SUCCESSFUL:
        change("_return_value", payload.result)


def _metadata_of(payload: Payload, note: TaskNote) -> dict[str, Any]:
    """Return the metadata that a run has saved, or else those of the enqueue."""
    found = note.metadata
    if found is None:
        found = payload.options.get(METADATA)
    try:
        return plain(found) if isinstance(found, dict) else {}
    except ValueError:  # somebody else wrote them, and deep
        return {}


def result_at(place: Whereabout, payload: Payload, note: TaskNote) -> JobsResult:
    """Return the result of a task that was found in a place."""
    task = task_of(payload)
    status = _status_of(place, payload)
    if not note.runs:
        note = TaskNote(TaskNote.of_errors(payload).runs, note.metadata)
    last = payload.errors[-1]["at"] if payload.errors else None
    return result_of(payload, task, status, note, payload.finished_at or last)


def _status_of(place: Whereabout, payload: Payload) -> TaskResultStatus:
    if place == "running":
        return TaskResultStatus.RUNNING
    if place == "dead" or (place == "done" and payload.result_lost):
        return TaskResultStatus.FAILED
    return TaskResultStatus.SUCCESSFUL if place == "done" else TaskResultStatus.READY


def _errors_of(payload: Payload, status: TaskResultStatus) -> list[TaskError]:
    if not payload.errors and status != TaskResultStatus.FAILED:  # the way of most tasks
        return []
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


def task_as_enqueued(base: AnyTask, payload: Payload) -> AnyTask:
    """Return the task as it was enqueued, given that of its module."""
    is_as_it_stands = (
        not payload.options
        and payload.run_after is None
        and payload.priority == base.priority
        and payload.queue == base.queue_name
    )
    if is_as_it_stands:  # the way of most tasks
        return base
    said = _said_in(payload)
    if "options" in said:
        said["options"] = {**getattr(base, "options", {}), **said["options"]}
    return _unvalidated(type(base), {f.name: getattr(base, f.name) for f in fields(base)} | said)


def task_of(payload: Payload) -> AnyTask:
    """Return the task as it was enqueued.

    For one that is not there any more, or that may not be imported, something of its name is
    returned.
    """
    try:
        base = task_at(payload.job_class) if may_import(payload.job_class) else None
    except (Exception, SystemExit):  # noqa: BLE001  # its module is broken: its results can be read all the same
        base = None
    if base is not None:
        return task_as_enqueued(base, payload)
    missing = {"func": _stand_in(payload.job_class), "takes_context": False}
    said = {"backend": DEFAULT_TASK_BACKEND_ALIAS} | missing | _said_in(payload)
    return _unvalidated(JobsTask, said)


def _said_in(payload: Payload) -> dict[str, Any]:
    """Return the fields of a task that its payload tells."""
    try:
        changes = changes_of(payload)
    except (TypeError, ValueError, OverflowError):  # durations that are none: no worker runs it
        changes = {}
    said = {name: value for name, value in changes.items() if name in OPTION_NAMES}
    if said.keys() & RIVALS.keys():
        said["max_attempts"] = None
    alias, metadata = changes.pop(ALIAS, None), changes.pop(METADATA, None)
    if isinstance(alias, str):
        said["backend"] = alias
    if isinstance(metadata, dict):
        said["metadata"] = metadata
    if others := {name: value for name, value in changes.items() if name not in OPTION_NAMES}:
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
