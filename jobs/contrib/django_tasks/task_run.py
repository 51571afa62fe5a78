"""One run of a task, and what Redis is told of it.

When and where a run began travels with its end, so that a task costs no round trip more than a job
class. Of a run that goes on for a moment, `Scribe` writes it down meanwhile.
"""

import threading
import time
from collections.abc import Mapping
from typing import Any

from jobs.abilities import Taking
from jobs.client import get_client
from jobs.conf import get_settings
from jobs.contrib.django_tasks.metadata import JobsResult
from jobs.contrib.django_tasks.note import TaskNote
from jobs.contrib.django_tasks.plain import plain, plain_metadata
from jobs.errors import StoreUnavailable
from jobs.events import ProgressNotWritten, emit
from jobs.shield import shielded
from jobs.store.bounded import time_limited
from jobs.store.notes import Notes

#: How often somebody looks which runs go on. What was there at the look before is written down.
#: Seconds.
EVERY = 0.05
#: The longest that a write waits for Redis, in seconds.
LONGEST = 0.5


class TaskRun:
    """One run of a task.

    Without a taking no worker runs it, and Redis is told nothing.
    """

    def __init__(self, taking: Taking | None, note: TaskNote, result: JobsResult | None) -> None:
        """Take the note of this run, and the result that others see.

        None if nobody does.
        """
        self.taking = taking
        self.result = result
        self.note = note
        #: Whether the scribe has seen it, and whether Redis has its note.
        self.was_seen = self.is_written = False
        self._saved: dict[str, Any] = plain(result.metadata) if result else {}
        # Whoever writes holds it, so that an older note never follows a newer one. A stop that
        # strikes beside it could leave it locked.
        self._writing = threading.Lock()

    def save(self) -> None:
        """Keep the metadata as they are now.

        Raise TypeError or ValueError for what is no JSON, and StoreUnavailable.
        """
        with shielded(), self._writing:
            self._take_metadata()
            self._write()

    def write(self) -> None:
        """Let others see that the task runs. Raise StoreUnavailable."""
        with shielded(), self._writing:
            self._write()

    def check_metadata(self) -> None:
        """Raise TypeError or ValueError for metadata that cannot be kept."""
        if self.result is None or self.result.metadata == self._saved:  # the way of most tasks
            return
        with shielded(), self._writing:
            self._take_metadata()

    def last_note(self) -> bytes:
        """Return what is written together with the end of the run."""
        try:
            self.check_metadata()
        except (TypeError, ValueError) as error:  # those that were saved before are kept
            self.complain(error)
        return self.note.encode()

    def complain(self, error: Exception) -> None:
        """Say that something for people could not be written."""
        emit(ProgressNotWritten(self.taking.id if self.taking else "", error))

    def _take_metadata(self) -> None:
        if self.result is None or self.result.metadata == self._saved:
            return
        kept = plain_metadata(self.result.metadata, get_settings().max_payload_bytes)
        self.note, self._saved = self.note.with_metadata(kept), kept

    def _write(self) -> None:
        if self.taking is None:
            return
        taking = self.taking
        with time_limited(LONGEST):
            notes = Notes(get_client().store)
            notes.write(taking.queue, taking.token, taking.id, self.note.encode())
        self.is_written = True


class Scribe:
    """Writes down the runs that go on, by a thread of its own."""

    def __init__(self, runs: Mapping[str, TaskRun]) -> None:
        """Take the runs of this process, by the ids of their jobs."""
        self._runs = runs
        self._awake = threading.Event()
        threading.Thread(target=self._go_round, name="jobs-tasks", daemon=True).start()

    def wake(self) -> None:
        """Say that there is a run."""
        if not self._awake.is_set():
            with shielded():  # a stop could leave the event locked
                self._awake.set()

    def _go_round(self) -> None:
        while True:
            self._awake.wait()
            time.sleep(EVERY)
            self._awake.clear()  # first: a run that begins from here on wakes it
            runs = [*self._runs.values()]
            if runs:
                self._awake.set()
            self._look_at(runs)

    def _look_at(self, runs: list[TaskRun]) -> None:
        for run in runs:
            if run.is_written or not run.was_seen:
                run.was_seen = True
                continue
            try:
                run.write()
            except StoreUnavailable:  # the worker tells of that, and the next look tries again
                return
            except Exception as error:  # noqa: BLE001  # it is for people, and the task goes on
                run.is_written = True
                run.complain(error)
