"""The event loop of a worker process: runs jobs whose `perform` is a coroutine.

It has a limit of its own. A thread offers a coroutine and goes on at once, whether it was taken or
not.
"""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

from jobs.events import ExitIgnored, WorkerFault, emit
from jobs.handlers import call_safely
from jobs.middleware.database import TidyThreads
from jobs.text import shown_error
from jobs.worker.attempt import Run
from jobs.worker.board import Board
from jobs.worker.forks import end_copy, leave_behind

#: How often a thread that waits for a coroutine looks whether the loop has died. Seconds.
LOOK_FOR_DEATH = 0.5


class AsyncLoop:
    """An event loop in a thread, started when the first coroutine comes."""

    def __init__(
        self,
        limit: int,
        execute: Callable[[Run], Coroutine[Any, Any, None]],
        board: Board,
        first_slot: int,
    ) -> None:
        """Take the most coroutines at a time, and what runs one.

        The board has `limit` slots for them from `first_slot` on.
        """
        self._execute = execute
        self._board = board
        self._slots = list(range(first_slot, first_slot + limit))
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._is_broken = False
        self._tasks: dict[asyncio.Task[None], Run] = {}
        self._left_to_parent: list[object] = []
        self._has_ended = threading.Event()
        #: Called in the loop's thread whenever a place has become free. It must not block.
        self.on_free: Callable[[], object] = _do_nothing

    def try_submit(self, run: Run) -> bool:
        """Start a run unless the limit is reached, and return whether it will run.

        Never waits.
        """
        slot = self._take_slot()
        if slot is None:
            return False
        try:
            self._started().call_soon_threadsafe(self._start, run, slot)
        except Exception as error:  # noqa: BLE001  # the loop is closed, or there can be no thread
            self._break(error)
            self._slots.append(slot)
            return False
        return True

    def run_alone(self, run: Run) -> bool:
        """Do what `try_submit` does, and return when the run has ended.

        For a loop with one place, whose only thread must begin nothing else meanwhile. Where the
        loop has died the process ends, so nobody waits for it.
        """
        self._has_ended.clear()
        if not self.try_submit(run):
            return False
        while not (self._has_ended.wait(LOOK_FOR_DEATH) or self.has_died):
            pass
        return True

    def _take_slot(self) -> int | None:
        """Return a free slot, None where there is none.

        Threads may call it at the same time.
        """
        if self.has_died:
            return None
        try:
            return self._slots.pop()
        except IndexError:
            return None

    @property
    def free(self) -> int:
        """How many more runs would be taken now."""
        if self.has_died:
            return 0
        return len(self._slots)

    @property
    def has_died(self) -> bool:
        """Whether the loop can run no more coroutines.

        Then its process must end and be replaced.
        """
        if self._is_broken:
            return True
        return self._thread is not None and not self._thread.is_alive()

    def running(self) -> list[Run]:
        """Return the runs in progress.

        `began_at` tells since when.
        """
        return list(self._tasks.values())

    def cancel_all(self) -> None:
        """Cancel every run.

        Each is then an interrupted job.
        """
        for task in list(self._tasks):
            self._cancel(task)

    def cancel(self, job_id: str) -> None:
        """Cancel the run of one job, if it is here."""
        for task, run in list(self._tasks.items()):
            if run.unit.id == job_id:
                self._cancel(task)

    def _cancel(self, task: "asyncio.Task[None]") -> None:
        if self._loop and not self.has_died:
            self._loop.call_soon_threadsafe(task.cancel)

    # The thread

    def _started(self) -> asyncio.AbstractEventLoop:
        """Return the loop, which turns in a thread from now on."""
        with self._lock:
            if self._loop is None:
                self._loop = self._start_thread(asyncio.new_event_loop())
            return self._loop

    def _start_thread(self, loop: asyncio.AbstractEventLoop) -> asyncio.AbstractEventLoop:
        thread = threading.Thread(target=self._turn, args=(loop,), name="jobs-async", daemon=True)
        loop.set_default_executor(TidyThreads(thread_name_prefix="jobs-async"))
        try:
            thread.start()
        except BaseException:
            loop.close()
            raise
        leave_behind(self._stop_copy)
        self._thread = thread
        return loop

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """Keep the loop turning.

        An exit that a sub-task or a callback asks for ends neither it nor the process.
        """
        pid = os.getpid()
        error: BaseException | None = None
        while error is None or isinstance(error, SystemExit | KeyboardInterrupt):
            if error is not None:
                emit(ExitIgnored(shown_error(error), raised=error))
            try:
                loop.run_forever()
            except BaseException as raised:  # noqa: BLE001  # what is no exit ends the loop below
                error = raised
            else:
                error = KeyboardInterrupt("a job has stopped the event loop")
            if os.getpid() != pid:
                end_copy(error if isinstance(error, SystemExit) else None)
        self._break(error)

    def _break(self, error: BaseException) -> None:
        self._is_broken = True
        emit(WorkerFault(in_="the event loop", error=shown_error(error), raised=error))

    def _stop_copy(self) -> None:
        """Let the loop run nothing more, in a forked child.

        All that it would run is the parent's. It is kept: a task that nobody refers to is thrown
        away, and what it does at its end would be done here too.
        """
        loop = self._loop
        if loop is not None and loop.is_running():
            ready = getattr(loop, "_ready", [])
            self._left_to_parent = list(ready)
            ready.clear()
            loop.stop()

    # In the loop

    def _start(self, run: Run, slot: int) -> None:
        run.began_at = time.time()
        call_safely(self._board.start, slot, run.unit.number)
        # Directly: a coroutine around it would close it where a sub-task raises GeneratorExit.
        coroutine = self._execute(run)
        try:
            task = asyncio.get_running_loop().create_task(coroutine)
        except BaseException as error:  # noqa: BLE001  # given back when this process ends
            coroutine.close()
            self._break(error)
            return
        self._tasks[task] = run
        task.add_done_callback(lambda done: self._ended(done, slot))

    def _ended(self, task: "asyncio.Task[None]", slot: int) -> None:
        run = self._tasks.pop(task)
        if task.cancelled():
            # Another job has cancelled all tasks, this one before its first step.
            # Later it would end well.
            self._start(run, slot)
            return
        error = task.exception()
        if error is not None:
            self._break(error)
        call_safely(self._board.clear, slot)
        self._slots.append(slot)
        self._has_ended.set()
        call_safely(self.on_free)


def _do_nothing() -> None:
    """Stand where nobody wants to know of free places."""
