"""The backend: tasks become jobs, and results are read where jobs are."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.core.checks import CheckMessage
from django.utils.module_loading import autodiscover_modules
from django.utils.timezone import is_aware

from jobs.abilities import awaits_commit
from jobs.commit import call_after_push
from jobs.conf import get_settings
from jobs.contrib.django_tasks.backend_checks import check_backend
from jobs.contrib.django_tasks.classes import check_fits, task_classes
from jobs.contrib.django_tasks.note import TaskNote
from jobs.contrib.django_tasks.plain import plain
from jobs.contrib.django_tasks.results import ALIAS, result_at, task_at, time_of
from jobs.contrib.django_tasks.signals import tell
from jobs.contrib.django_tasks.task import JobsTask, check_options, stated_options
from jobs.contrib.django_tasks.task_job import TaskJob
from jobs.contrib.django_tasks.versions import (
    AnyResult,
    AnyTask,
    BaseTaskBackend,
    InvalidTask,
    TaskError,
    TaskResult,
    TaskResultDoesNotExist,
    TaskResultStatus,
    task_enqueued,
)
from jobs.errors import (
    ConfigurationError,
    InvalidArguments,
    InvalidJob,
    InvalidPayload,
    UnknownJob,
)
from jobs.features.results.desks import named_queues, switch
from jobs.making import EnqueuedJob
from jobs.options import check_moment
from jobs.payload import decode
from jobs.registry import registry
from jobs.shield import shielded
from jobs.store import Duplicates
from jobs.store.bounded import time_limited
from jobs.store.whereabouts import Glance
from jobs.text import brief

_VETOED = TaskError(
    exception_class_path="jobs.result_errors.JobGone",
    traceback="jobs.result_errors.JobGone: A client middleware vetoed the task.\n",
)


class JobsBackend(BaseTaskBackend):
    """Runs tasks as jobs.

    Each thread has an instance of its own, so it keeps nothing.
    """

    task_class = JobsTask
    supports_defer = True
    supports_async_task = True
    supports_get_result = True
    supports_priority = True

    def __init__(self, alias: str, params: dict[str, Any]) -> None:
        """Read the entry of TASKS. Raise ConfigurationError for values of the wrong kind."""
        queues, options = params.get("QUEUES", []), params.get("OPTIONS", {})
        if isinstance(queues, str) or not isinstance(queues, Iterable):
            raise ConfigurationError(
                f"TASKS[{alias!r}]['QUEUES'] must be a list such as ['default'], not {queues!r}."
            )
        if not isinstance(options, dict):
            raise ConfigurationError(
                f"TASKS[{alias!r}]['OPTIONS'] must be a dictionary, not {brief(options)}."
            )
        super().__init__(alias, params)

    def validate_task(self, task: AnyTask) -> None:
        """Raise InvalidTask for what cannot be run, and for wrong options."""
        if self.queues and task.queue_name not in self.queues:
            names = ", ".join(sorted(map(str, self.queues)))
            raise InvalidTask(
                f"Queue '{task.queue_name}' is not valid for backend. Add it to QUEUES of "
                f"TASKS[{self.alias!r}], which has {names}, or write [] there for any."
            )
        _aware(task.run_after)
        super().validate_task(task)
        options = check_options(task)
        if options is None:
            return
        try:
            check_fits(task, options)
        except InvalidJob as error:
            raise InvalidTask(str(error)) from error

    def enqueue(  # type: ignore[override]  # of any parameters
        self, task: AnyTask, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> AnyResult:
        """Enqueue a task, at the commit of the open transaction, and return its result.

        Raise InvalidTask, TypeError or ValueError for arguments that are no JSON, InvalidArguments
        for those that the function does not take or that are too large, and what `Job.enqueue`
        raises.
        """
        self.validate_task(task)
        arguments, named = plain(list(args)), plain(dict(kwargs))
        enqueued = self._configured(task).enqueue(*arguments, **named)
        result = TaskResult(
            task=task,
            id=enqueued.id,
            status=TaskResultStatus.READY,
            enqueued_at=None,
            started_at=None,
            finished_at=None,
            last_attempted_at=None,
            args=arguments,
            kwargs=named,
            backend=self.alias,
            errors=[],
            worker_ids=[],
        )
        if enqueued.is_vetoed:
            object.__setattr__(result, "status", TaskResultStatus.FAILED)
            result.errors.append(_VETOED)
        else:
            self._tell(result, enqueued)
        return result

    async def aget_result(self, result_id: str) -> AnyResult:
        """Do what `get_result` does, from a coroutine.

        It does not wait for the thread of Django's ORM, since it asks no database.
        """
        return await sync_to_async(self.get_result, thread_sensitive=False)(result_id)

    def get_result(self, result_id: str) -> AnyResult:
        """Return the result of a task as it is now.

        Raise TaskResultDoesNotExist where there is none: its transaction has not committed, it was
        deleted, or its time is over. Raise StoreUnavailable. Three round trips, O(queues).
        """
        is_id: bool = isinstance(result_id, str)  # whatever somebody has read somewhere
        glance = self._glance(result_id) if is_id else None
        if glance is None or glance.payload is None:
            raise TaskResultDoesNotExist(result_id)
        try:
            payload = decode(glance.payload)
        except InvalidPayload as error:
            raise TaskResultDoesNotExist(result_id) from error
        if payload.id != result_id or _is_of_job_class(payload.job_class):
            raise TaskResultDoesNotExist(result_id)
        return result_at(glance.place, payload, TaskNote.decode(glance.note))

    @classmethod
    def prepare_process(cls) -> None:
        """Import the module `tasks` of every app, as its module `jobs` is.

        So a process knows them before it has leases to renew, and its children share the memory.
        """
        autodiscover_modules("tasks")

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """Return what is wrong in the entry of TASKS. The system checks call it."""
        return check_backend(self)

    def _glance(self, result_id: str) -> Glance | None:
        with shielded(), time_limited(get_settings().enqueue_timeout):
            desk = switch.current()
            queue = desk.queue_of(result_id, {*named_queues(), *self.queues})
            return None if queue is None else desk.look(queue, result_id, "always")

    def _configured(self, task: AnyTask) -> Any:
        """Return the job class of a task, with what this task changes of it."""
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
        if self.alias != base.backend:
            changes[ALIAS] = self.alias
        commit = self.options.get("commit")
        if not changes and task.run_after is None and commit is None:
            return job_class
        try:
            return job_class.using(run_after=_aware(task.run_after), commit=commit, **changes)
        except InvalidJob as error:
            raise InvalidTask(str(error)) from error

    def _tell(self, result: AnyResult, enqueued: EnqueuedJob) -> None:
        """Send the signal, now or when the commit has pushed the task."""
        after_commit = (self.options.get("commit") or get_settings().enqueue) == "on_commit"
        if after_commit and awaits_commit(enqueued.id):
            call_after_push(partial(_tell_late, result, enqueued.enqueued_at))
            return
        if enqueued.enqueued_at:
            object.__setattr__(result, "enqueued_at", time_of(enqueued.enqueued_at))
            tell(task_enqueued, result)


def _tell_late(result: AnyResult, enqueued_at: float, duplicates: Duplicates) -> None:
    if holder := duplicates.get(result.id):
        object.__setattr__(result, "id", holder)
        return
    object.__setattr__(result, "enqueued_at", time_of(enqueued_at))
    tell(task_enqueued, result)


def _aware(run_after: object) -> datetime | None:
    """Return when a task is to run, with its time zone.

    Without USE_TZ it may be naive, and is of the local time. Raise InvalidTask.
    """
    if run_after is None:
        return None
    if not isinstance(run_after, datetime):
        raise InvalidTask(
            "run_after must be a datetime such as timezone.now() + timedelta(hours=1), not "
            f"{brief(run_after)}."
        )
    try:
        aware = run_after if is_aware(run_after) else run_after.astimezone()
        return check_moment(aware, "run_after")
    except (InvalidArguments, ValueError, OverflowError) as error:
        raise InvalidTask(
            f"run_after is {run_after}; it must lie between 1970 and 100 years from now."
        ) from error


def _changes(task: AnyTask, base: AnyTask) -> dict[str, Any]:
    """Return the options that differ between a task and that of its module."""
    new, old = stated_options(task), stated_options(base)
    return {name: new.get(name) for name in {*new, *old} if new.get(name) != old.get(name)}


def _is_of_job_class(name: str) -> bool:
    """Tell whether jobs of this name are no tasks.

    What nobody knows here may have been a task.
    """
    try:
        return not issubclass(registry.find(name), TaskJob)
    except UnknownJob:
        return False
