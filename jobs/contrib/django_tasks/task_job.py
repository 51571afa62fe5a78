"""The job that runs a task: one class for each function."""

import inspect
import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from asgiref.sync import sync_to_async

from jobs.client import get_client
from jobs.conf import get_settings
from jobs.contrib.django_tasks.ledger import ledger
from jobs.contrib.django_tasks.metadata import JobsContext, JobsResult
from jobs.contrib.django_tasks.note import TaskNote
from jobs.contrib.django_tasks.plain import plain_return
from jobs.contrib.django_tasks.results import (
    ALIAS,
    result_of,
    settle,
    task_as_enqueued,
    task_of,
)
from jobs.contrib.django_tasks.signals import is_heard, tell
from jobs.contrib.django_tasks.task import backoff_of
from jobs.contrib.django_tasks.task_run import LONGEST, TaskRun
from jobs.contrib.django_tasks.versions import (
    AnyTask,
    TaskResultStatus,
    task_finished,
    task_started,
)
from jobs.errors import Discard, InvalidJob, StoreUnavailable
from jobs.job import Job, Retry
from jobs.payload import Payload
from jobs.returns import Kept
from jobs.store.bounded import time_limited
from jobs.store.whereabouts import Whereabouts
from jobs.worker.outcome import describe

#: The name of the worker where no worker runs the task.
NO_WORKER = "this-process"


class TaskJob(Job):
    """Runs a task. Its subclasses have the function and the options."""

    _task: ClassVar[AnyTask]
    _run: TaskRun | None = None
    _cannot_keep = False

    def begin(self) -> TaskRun:
        """Take note that a run begins, and tell it."""
        payload = self._payload
        if payload is None:
            raise InvalidJob(f"{self._task.module_path} is a task: call its .func() in a test.")
        note = self._earlier(payload).with_run(time.time(), self._worker)
        is_heard_of = is_heard(task_started)
        result: JobsResult | None = None
        if is_heard_of or self._task.takes_context or is_heard(task_finished):
            task = task_as_enqueued(self._task, payload)
            result = result_of(payload, task, TaskResultStatus.RUNNING, note)
        run = self._run = TaskRun(self.taking, note, result)
        if self.taking is not None:  # else nobody would tell of its end
            self.last_words = {"task": run.last_note}
            ledger.begin(payload.id, run)
        if is_heard_of and result is not None:
            tell(task_started, result)
        return run

    def arguments(self, run: TaskRun, args: Sequence[Any]) -> Sequence[Any]:
        """Return what the function is called with."""
        if self._task.takes_context and run.result is not None:
            return (JobsContext(task_result=run.result, save=run.save), *args)
        return args

    def returned(self, run: TaskRun, value: Any) -> Any:
        """Return what is kept of what the function returned.

        Raise why nothing can be, or why its metadata cannot.
        """
        try:
            run.check_metadata()
            return plain_return(value, get_settings().max_payload_bytes)
        except (TypeError, ValueError):
            self._cannot_keep = True
            raise

    def retry_in(self, attempt: int, error: BaseException) -> float | Retry | None:
        """Give up a task if only its result cannot be kept.

        Else its `backoff` decides.
        """
        if self._cannot_keep:
            return Retry.KILL
        backoff = backoff_of(self._task, self.option(ALIAS, self._task.backend))
        if backoff is None or self._payload is None:
            return None
        seconds: float | None = backoff(error, self._failed(self._payload, error))
        if seconds is None:
            return Retry.KILL if self.options.dead else Retry.DISCARD
        return seconds

    def _failed(self, payload: Payload, error: BaseException) -> JobsResult:
        """Return the result of a failed run, as if it were the last."""
        failed = payload.changed(errors=[*payload.errors, describe(error, self._worker)])
        run = self._run
        if run is not None and run.result is not None:
            settle(run.result, failed, TaskResultStatus.FAILED, time.time())
            return run.result
        # Without a run, its time limit ended the process that ran it.
        note = TaskNote.of_errors(failed) if run is None else run.note
        return result_of(failed, task_of(failed), TaskResultStatus.FAILED, note, time.time())

    def record_of_discard(self, payload: Payload, error: BaseException | None) -> Kept | None:
        """Keep why the task has no result, for as long as one would be."""
        keep_for = self.option("keep_result_for")
        if keep_for is None:
            return None
        errors = payload.errors
        if isinstance(error, Discard):  # a failure is among the errors already
            errors = [*errors, describe(error, self._worker)]
        reason = errors[-1]["message"] if errors else ""
        record = payload.changed(
            errors=errors,
            finished_at=time.time(),
            result_lost=f"the task was discarded: {reason}" if reason else "the task was discarded",
        )
        return Kept(record, keep_for.total_seconds())

    @property
    def _worker(self) -> str:
        return self.taking.token.rpartition("#")[0] if self.taking else NO_WORKER

    def _earlier(self, payload: Payload) -> TaskNote:
        """Return the earlier runs.

        A payload as it was enqueued has had none that count.
        """
        if not (payload.errors or payload.crashes or payload.interruptions):
            return TaskNote()
        taking = self.taking
        if taking is None:  # in a test nobody takes down runs
            return TaskNote.of_errors(payload)
        try:
            with time_limited(LONGEST):
                desk = Whereabouts(get_client().store)
                found = TaskNote.decode(desk.look(taking.queue, taking.id, "never").note)
        except StoreUnavailable:
            found = TaskNote()
        return found if found.runs else TaskNote(TaskNote.of_errors(payload).runs, found.metadata)


def perform_of(task: AnyTask) -> Callable[..., Any]:
    """Return the `perform` of a task, with the parameters of its function."""
    made = _async_perform(task) if inspect.iscoroutinefunction(task.func) else _perform(task)
    made.__signature__ = _signature_of(task)  # type: ignore[attr-defined]  # what `inspect` reads
    return made


def _perform(task: AnyTask) -> Callable[..., Any]:
    def perform(job: TaskJob, /, *args: Any, **kwargs: Any) -> Any:
        run = job.begin()
        return job.returned(run, task.func(*job.arguments(run, args), **kwargs))

    return perform


def _async_perform(task: AnyTask) -> Callable[..., Any]:
    async def perform(job: TaskJob, /, *args: Any, **kwargs: Any) -> Any:
        run = await sync_to_async(job.begin)()
        return job.returned(run, await task.func(*job.arguments(run, args), **kwargs))

    return perform


def _signature_of(task: AnyTask) -> inspect.Signature:
    """Return the parameters of a function, the job in place of its context."""
    whole = inspect.signature(task.func)
    parameters = list(whole.parameters.values())
    if task.takes_context:
        parameters = parameters[1:]
    itself = inspect.Parameter("_job", inspect.Parameter.POSITIONAL_ONLY)
    return whole.replace(parameters=[itself, *parameters])
