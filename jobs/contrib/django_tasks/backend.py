"""The backend: tasks become jobs, and results are read where jobs are."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.core.checks import CheckMessage
from django.utils.module_loading import autodiscover_modules

from jobs.abilities import awaits_commit
from jobs.commit import call_after_push
from jobs.conf import get_settings
from jobs.contrib.django_tasks.backend_checks import check_backend
from jobs.contrib.django_tasks.checked import Checked, checked_tasks
from jobs.contrib.django_tasks.classes import check_fits, task_classes
from jobs.contrib.django_tasks.configured import configured
from jobs.contrib.django_tasks.metadata import JobsResult
from jobs.contrib.django_tasks.note import TaskNote
from jobs.contrib.django_tasks.plain import plain
from jobs.contrib.django_tasks.results import result_at, time_of
from jobs.contrib.django_tasks.run_after import aware
from jobs.contrib.django_tasks.signals import is_heard, tell
from jobs.contrib.django_tasks.task import JobsTask, check_options, says_the_same
from jobs.contrib.django_tasks.task_job import TaskJob
from jobs.contrib.django_tasks.versions import (
    AnyResult,
    AnyTask,
    BaseTaskBackend,
    InvalidTask,
    TaskError,
    TaskResultDoesNotExist,
    TaskResultStatus,
    task_enqueued,
)
from jobs.errors import (
    ConfigurationError,
    InvalidJob,
    InvalidPayload,
    UnknownJob,
)
from jobs.features.results.desks import named_queues, switch
from jobs.making import EnqueuedJob
from jobs.options import check_queue_name
from jobs.payload import decode_for
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
    #: Of the proposal for metadata.
    supports_metadata = True

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
        #: For tasks that say nothing themselves, as a proposal has it: see `JobsTask`.
        self.max_attempts = params.get("MAX_ATTEMPTS")
        self.backoff = params.get("BACKOFF")

    def validate_task(self, task: AnyTask) -> None:
        """Raise InvalidTask for what cannot be run, and for wrong options."""
        self._check_queue(task)
        aware(task.run_after)
        super().validate_task(task)
        try:
            if self._is_variant(task):
                check_queue_name(task.queue_name)
            else:
                options = check_options(task)
                if options is None:
                    return
                check_fits(task, options)
        except InvalidJob as error:
            raise InvalidTask(str(error)) from error
        task_classes.expect(task)
        checked_tasks.add(task, self.alias)

    def enqueue(  # type: ignore[override]  # of any parameters
        self, task: AnyTask, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> AnyResult:
        """Enqueue a task, at the commit of the open transaction, and return its result.

        Raise InvalidTask, TypeError or ValueError for arguments that are no JSON, InvalidArguments
        for those that the function does not take or that are too large, and what `Job.enqueue`
        raises.
        """
        known = self._check(task)
        arguments, named = plain(args), plain(kwargs) if kwargs else {}
        enqueued = self._configured(task, known).enqueue(*arguments, **named)
        result = self._result_of(task, arguments, named, enqueued)
        self._tell(result, enqueued)
        return result

    async def aenqueue(  # type: ignore[override]  # of any parameters
        self, task: AnyTask, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> AnyResult:
        """Do what `enqueue` does, from a coroutine.

        The thread of Django's ORM makes the job and sends the signal, but waits for no round trip.
        """
        known = self._check(task)
        arguments, named = plain(args), plain(kwargs) if kwargs else {}
        enqueued = await self._configured(task, known).aenqueue(*arguments, **named)
        result = self._result_of(task, arguments, named, enqueued)
        await sync_to_async(self._tell)(result, enqueued)
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
        queue, glance = self._glance(result_id) if is_id else ("", None)
        if glance is None or glance.payload is None:
            raise TaskResultDoesNotExist(result_id)
        try:
            payload = decode_for(glance.payload, result_id, queue)
        except InvalidPayload as error:
            raise TaskResultDoesNotExist(result_id) from error
        if _is_of_job_class(payload.job_class):
            raise TaskResultDoesNotExist(result_id)
        return result_at(glance.place, payload, TaskNote.decode(glance.note))

    @classmethod
    def prepare_process(cls) -> None:
        """Import the module `tasks` of every app, as its module `jobs` is.

        So a process knows them before it has leases to renew, and its children share the memory.
        """
        autodiscover_modules("tasks")
        task_classes.make_periodic()

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """Return what is wrong in the entry of TASKS. The system checks call it."""
        return check_backend(self)

    def _check(self, task: AnyTask) -> Checked | None:
        """Validate a task, unless that was done before.

        Return what is known of it. Its queue is always looked at.
        """
        is_usual = type(self).validate_task is JobsBackend.validate_task
        known = checked_tasks.find(task, self.alias) if is_usual else None
        if known is not None:
            self._check_queue(task)
            return known
        self.validate_task(task)
        return checked_tasks.find(task, self.alias)

    def _is_variant(self, task: AnyTask) -> bool:
        """Tell whether a job class was made of a task of the same options."""
        base = task_classes.known(task.module_path)
        return base is not None and base.backend == self.alias and says_the_same(task, base)

    def _check_queue(self, task: AnyTask) -> None:
        if self.queues and task.queue_name not in self.queues:
            names = ", ".join(sorted(map(str, self.queues)))
            raise InvalidTask(
                f"Queue '{task.queue_name}' is not valid for backend. Add it to QUEUES of "
                f"TASKS[{self.alias!r}], which has {names}, or write [] there for any."
            )

    def _glance(self, result_id: str) -> tuple[str, Glance | None]:
        """Return the queue of a job, and a look at it."""
        with shielded(), time_limited(get_settings().enqueue_timeout):
            desk = switch.current()
            queue = desk.queue_of(result_id, {*named_queues(), *self.queues})
            return ("", None) if queue is None else (queue, desk.look(queue, result_id, "always"))

    def _configured(self, task: AnyTask, known: Checked | None) -> Any:
        """Return what enqueues the jobs of a task.

        It is made once for tasks that are known.
        """
        commit = self.options.get("commit")
        if known is None:
            return configured(task, self.alias, commit)
        if known.configured is None or known.commit != commit:
            known.configured, known.commit = configured(task, self.alias, commit), commit
        return known.configured

    def _result_of(
        self, task: AnyTask, args: list[Any], kwargs: dict[str, Any], enqueued: EnqueuedJob
    ) -> JobsResult:
        """Return the result of a task that was enqueued just now."""
        metadata = getattr(task, "metadata", None)
        return JobsResult.of_json(
            task=task,
            id=enqueued.id,
            status=TaskResultStatus.FAILED if enqueued.is_vetoed else TaskResultStatus.READY,
            enqueued_at=None,
            started_at=None,
            finished_at=None,
            last_attempted_at=None,
            args=args,
            kwargs=kwargs,
            backend=self.alias,
            errors=[_VETOED] if enqueued.is_vetoed else [],
            worker_ids=[],
            metadata=plain(metadata) if metadata else {},
        )

    def _tell(self, result: AnyResult, enqueued: EnqueuedJob) -> None:
        """Send the signal, now or when the commit has pushed the task."""
        if enqueued.is_vetoed:
            return
        after_commit = (self.options.get("commit") or get_settings().enqueue) == "on_commit"
        if after_commit and awaits_commit(enqueued.id):
            call_after_push(partial(_tell_late, result, enqueued.enqueued_at))
            return
        if enqueued.enqueued_at:
            object.__setattr__(result, "enqueued_at", time_of(enqueued.enqueued_at))
            if is_heard(task_enqueued):
                tell(task_enqueued, result)


def _tell_late(result: AnyResult, enqueued_at: float, duplicates: Duplicates) -> None:
    if holder := duplicates.get(result.id):
        object.__setattr__(result, "id", holder)
        return
    object.__setattr__(result, "enqueued_at", time_of(enqueued_at))
    tell(task_enqueued, result)


def _is_of_job_class(name: str) -> bool:
    """Tell whether jobs of this name are no tasks.

    What nobody knows here may have been a task.
    """
    try:
        return not issubclass(registry.find(name), TaskJob)
    except UnknownJob:
        return False
