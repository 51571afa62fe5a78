"""The job that runs a task: one class for each function."""

import inspect
import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from asgiref.sync import sync_to_async

from jobs.abilities import Taking
from jobs.client import get_client
from jobs.conf import get_settings
from jobs.contrib.django_tasks.ledger import ledger
from jobs.contrib.django_tasks.note import TaskNote
from jobs.contrib.django_tasks.plain import plain_return
from jobs.contrib.django_tasks.results import result_of, task_of
from jobs.contrib.django_tasks.signals import tell
from jobs.contrib.django_tasks.versions import (
    AnyResult,
    AnyTask,
    TaskContext,
    TaskResultStatus,
    task_started,
)
from jobs.errors import Discard, InvalidJob, StoreUnavailable
from jobs.events import ProgressNotWritten, emit
from jobs.job import Job, Retry
from jobs.payload import Payload
from jobs.returns import Kept
from jobs.shield import shielded
from jobs.store.bounded import time_limited
from jobs.store.notes import Notes
from jobs.store.whereabouts import Whereabouts
from jobs.worker.outcome import describe

#: The longest that a run waits for Redis to take note of its begin, in seconds.
LONGEST = 0.5
#: The name of the worker where no worker runs the task.
NO_WORKER = "this-process"


class TaskJob(Job):
    """Runs a task. Its subclasses have the function and the options."""

    _task: ClassVar[AnyTask]
    _cannot_return = False

    def begin(self) -> AnyResult:
        """Take note that a run begins, and tell it."""
        payload = self._payload
        if payload is None:
            raise InvalidJob(f"{self._task.module_path} is a task: call its .func() in a test.")
        with shielded():
            note = self._earlier(payload).with_run(time.time(), self._worker)
            if self.taking is not None:  # else nobody would tell of its end
                ledger.begin(payload.id, note)
                self._write(self.taking, note)
            result = result_of(payload, task_of(payload), TaskResultStatus.RUNNING, note)
        tell(task_started, result)
        return result

    def arguments(self, result: AnyResult, args: Sequence[Any]) -> Sequence[Any]:
        """Return what the function is called with."""
        if self._task.takes_context:
            return (TaskContext(task_result=result), *args)
        return args

    def returned(self, value: Any) -> Any:
        """Return what is kept of what the function returned.

        Raise why nothing can be.
        """
        try:
            return plain_return(value, get_settings().max_payload_bytes)
        except (TypeError, ValueError):
            self._cannot_return = True
            raise

    def retry_in(self, attempt: int, error: BaseException) -> float | Retry | None:
        """Give up a task if only its result cannot be kept."""
        return Retry.KILL if self._cannot_return else None

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
        taking = self.taking
        has_run = payload.errors or payload.crashes or payload.interruptions
        if taking is None or not has_run:
            return TaskNote()
        try:
            with time_limited(LONGEST):
                desk = Whereabouts(get_client().store)
                found = TaskNote.decode(desk.look(taking.queue, taking.id, "never").note)
        except StoreUnavailable:
            found = TaskNote()
        return found if found.runs else TaskNote.of_errors(payload)

    def _write(self, taking: Taking, note: TaskNote) -> None:
        """Let others see that the task runs.

        Redis may refuse, and the task runs all the same.
        """
        try:
            with time_limited(LONGEST):
                notes = Notes(get_client().store)
                notes.write(taking.queue, taking.token, taking.id, note.encode())
        except StoreUnavailable:  # the worker tells that by itself
            pass
        except Exception as error:  # noqa: BLE001  # it is for people, and the task goes on
            emit(ProgressNotWritten(taking.id, error))


def perform_of(task: AnyTask) -> Callable[..., Any]:
    """Return the `perform` of a task, with the parameters of its function."""
    made = _async_perform(task) if inspect.iscoroutinefunction(task.func) else _perform(task)
    made.__signature__ = _signature_of(task)  # type: ignore[attr-defined]  # what `inspect` reads
    return made


def _perform(task: AnyTask) -> Callable[..., Any]:
    def perform(job: TaskJob, /, *args: Any, **kwargs: Any) -> Any:
        result = job.begin()
        return job.returned(task.func(*job.arguments(result, args), **kwargs))

    return perform


def _async_perform(task: AnyTask) -> Callable[..., Any]:
    async def perform(job: TaskJob, /, *args: Any, **kwargs: Any) -> Any:
        result = await sync_to_async(job.begin)()
        return job.returned(await task.func(*job.arguments(result, args), **kwargs))

    return perform


def _signature_of(task: AnyTask) -> inspect.Signature:
    """Return the parameters of a function, the job in place of its context."""
    whole = inspect.signature(task.func)
    parameters = list(whole.parameters.values())
    if task.takes_context:
        parameters = parameters[1:]
    itself = inspect.Parameter("_job", inspect.Parameter.POSITIONAL_ONLY)
    return whole.replace(parameters=[itself, *parameters])
