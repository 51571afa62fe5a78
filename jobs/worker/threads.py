"""The threads of a worker process.

Each takes a unit, runs it, and takes the next.
"""

import sys
import threading
import time
import traceback
from collections.abc import Callable
from time import clock_gettime

from jobs.shield import InterruptGuard
from jobs.uptime import CLOCK
from jobs.worker.attempt import Run
from jobs.worker.board import Board
from jobs.worker.buffer import Buffer
from jobs.worker.executor import Executor
from jobs.worker.unit import Unit


class JobThread(threading.Thread):
    """One thread that runs jobs.

    `current` is the unit that it runs and since when (epoch seconds), for people to look at.
    """

    def __init__(
        self,
        slot: int,
        buffer: Buffer,
        executor: Executor,
        board: Board,
        run_async: Callable[[Run], bool],
    ) -> None:
        """Prepare the thread that has this slot on the board."""
        super().__init__(name=f"jobs-{slot + 1}", daemon=True)
        self._slot = slot
        self._buffer = buffer
        self._executor = executor
        self._board = board
        self._run_async = run_async
        self._guard = InterruptGuard()
        self.current: tuple[Unit, float] | None = None

    def run(self) -> None:
        """Work until the buffer says that there is no more to do."""
        self._guard.adopt()
        while (unit := self._buffer.take()) is not None:
            self._run_one(unit)

    def _run_one(self, unit: Unit) -> None:
        if not self._board.start(self._slot, unit.number) or clock_gettime(CLOCK) > unit.begin_by:
            self._board.drop(self._slot)
            self._buffer.give_back(unit)
            return
        self.current = unit, time.time()
        try:
            self._executor.execute(unit, self._run_async)
        finally:
            self._board.clear(self._slot)
            self.current = None

    def interrupt(self) -> bool:
        """Raise JobInterrupted in the job that runs here.

        It is raised as soon as the job executes Python code again. Return whether a job is in its
        `perform` now.
        """
        return self._guard.interrupt()


def stacks(threads: list[JobThread]) -> str:
    """Return the stack of every thread of this process, with its job."""
    frames = sys._current_frames()  # noqa: SLF001  # documented; there is no other way
    jobs = {t.ident: t.current[0] for t in threads if t.current}
    parts = []
    for thread in threading.enumerate():
        if thread.ident in frames:
            unit = jobs.get(thread.ident)
            doing = f" job={unit.id} queue={unit.queue}" if unit else ""
            parts.append(
                f"thread {thread.name}{doing}\n"
                + "".join(traceback.format_stack(frames[thread.ident]))
            )
    return "\n".join(parts)
