"""The threads of a worker process. Each takes a unit, runs it, and takes the next."""

import ctypes
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress

from jobs.errors import JobInterrupted
from jobs.worker.board import Board
from jobs.worker.buffer import Buffer
from jobs.worker.executor import Executor, Run
from jobs.worker.unit import Unit


class JobThread(threading.Thread):
    """One thread. `current` is the unit it runs and since when (epoch seconds), for people to look at."""

    def __init__(
        self, slot: int, buffer: Buffer, executor: Executor, board: Board, run_async: Callable[[Run], None]
    ) -> None:
        """Prepare the thread; `slot` is its place on the board."""
        super().__init__(name=f"jobs-{slot + 1}", daemon=True)
        self._slot = slot
        self._buffer = buffer
        self._executor = executor
        self._board = board
        self._run_async = run_async
        self.current: tuple[Unit, float] | None = None

    def run(self) -> None:
        """Work until the buffer says that there is no more to do."""
        with suppress(JobInterrupted):  # it may strike between two jobs, when there is no more to do
            while (unit := self._buffer.take()) is not None:
                self._run_one(unit)

    def _run_one(self, unit: Unit) -> None:
        self.current = unit, time.time()
        self._board.write(self._slot, unit.id)
        try:
            self._executor.execute(unit, self._run_async)
        finally:
            self._board.clear(self._slot)
            self.current = None

    def interrupt(self) -> None:
        """Raise JobInterrupted in the job that runs here, as soon as it executes Python code again."""
        if self.current is not None and self.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.ident), ctypes.py_object(JobInterrupted))


def stacks(threads: list[JobThread]) -> str:
    """Return the stack of every thread of this process, with the job that it runs."""
    frames = sys._current_frames()  # noqa: SLF001  # documented; there is no other way
    jobs = {t.ident: t.current[0] for t in threads if t.current}
    parts = []
    for thread in threading.enumerate():
        if thread.ident in frames:
            unit = jobs.get(thread.ident)
            doing = f" job={unit.id} queue={unit.queue}" if unit else ""
            parts.append(f"thread {thread.name}{doing}\n" + "".join(traceback.format_stack(frames[thread.ident])))
    return "\n".join(parts)
