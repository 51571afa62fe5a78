"""Knows the tasks that run here, and tells when one has ended.

The worker says that a run has ended when that is recorded. So whoever hears of the end of a task
finds its result.
"""

import functools
import os
import time

from jobs.contrib.django_tasks.note import TaskNote
from jobs.contrib.django_tasks.results import result_of, settle, task_of
from jobs.contrib.django_tasks.signals import is_heard, tell
from jobs.contrib.django_tasks.task_run import Scribe, TaskRun
from jobs.contrib.django_tasks.versions import AnyResult, TaskResultStatus, task_finished
from jobs.ending import Ending
from jobs.events import JobEnded, subscribe
from jobs.payload import Payload
from jobs.shield import shielded

#: Where a job goes that is to run again.
_NOT_OVER = frozenset({"ready", "retry"})


class Ledger:
    """The runs of tasks in this process, by the ids of their jobs.

    Threads share it: each step is one of the interpreter's.
    """

    def __init__(self) -> None:
        """Start empty, and hear nothing."""
        self._names: set[str] = set()
        self.runs: dict[str, TaskRun] = {}

    def know(self, name: str) -> None:
        """Look after the tasks of this name from now on.

        Whoever has no tasks pays for no listener.
        """
        if not self._names:
            subscribe(JobEnded, at_once=True)(self.hear)
        self._names.add(name)

    def begin(self, job_id: str, run: TaskRun) -> None:
        """Take down a run that begins."""
        self.runs[job_id] = run
        _get_scribe().wake()

    def hear(self, event: JobEnded) -> None:
        """Tell of a task that has ended for good."""
        payload = event.payload
        if payload.job_class not in self._names:
            return
        run = self.runs.pop(payload.id, None)
        if event.ending.rule.destination in _NOT_OVER:
            return
        is_done = event.ending is Ending.DONE and not payload.result_lost
        if is_done and not is_heard(task_finished):
            return
        status = TaskResultStatus.SUCCESSFUL if is_done else TaskResultStatus.FAILED
        _tell(_result_of(run, payload, status), event.error)


def _result_of(run: TaskRun | None, payload: Payload, status: TaskResultStatus) -> AnyResult:
    """Return the result of a task that is over.

    It may have ended without a run.
    """
    finished_at = payload.finished_at or time.time()
    if run is not None and run.result is not None:
        settle(run.result, payload, status, finished_at)
        return run.result
    note = TaskNote.of_errors(payload) if run is None else run.note
    return result_of(payload, task_of(payload), status, note, finished_at)


def _tell(result: AnyResult, error: BaseException | None) -> None:
    """Send the signal, while its error is handled if there is one.

    Receivers ask `sys.exc_info()` for it, as the one that writes the log.
    """
    if error is None or result.status == TaskResultStatus.SUCCESSFUL:
        tell(task_finished, result)
        return
    try:
        raise error  # noqa: TRY301  # it was handled before, and goes no further
    except BaseException:  # noqa: BLE001
        tell(task_finished, result)
    finally:
        del error  # its traceback holds this frame


ledger = Ledger()


@functools.cache
def _get_scribe() -> Scribe:
    """Return the scribe of this process."""
    with shielded():  # it starts a thread, and a stop could leave locks of all threads locked
        return Scribe(ledger.runs)


os.register_at_fork(after_in_child=_get_scribe.cache_clear)  # a thread does not survive a fork
