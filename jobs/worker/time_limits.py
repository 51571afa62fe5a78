"""The time limits of the jobs that run in one worker process.

A coroutine is cancelled at its limit. In a thread TimeLimitExceeded is raised, inside of `perform`
and of this very run only. The board keeps until when each may go on after that, so that the
supervisor replaces a process in which a job does not end.
"""

import asyncio
import threading
import time
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from jobs.errors import TimeLimitExceeded
from jobs.shield import AGAIN_AFTER, InterruptGuard, call_open, guard_here
from jobs.signs import start_clock
from jobs.worker import forks
from jobs.worker.attempt import Run
from jobs.worker.board import Board


@dataclass(frozen=True, slots=True)
class _Timed:
    """A run in a thread that has a limit."""

    number: int
    ends_at: float
    guard: InterruptGuard | None


class TimeLimits:
    """Ends runs that take too long."""

    def __init__(self, board: Board, grace: float) -> None:
        """Take the board, and the seconds a run may still go on."""
        self._board = board
        self._grace = grace
        # A job that cleans up is not struck again at once. One whose strike was lost is.
        self._again_after = max(AGAIN_AFTER, grace / 2)
        self._timed: dict[int, _Timed] = {}
        #: Places of coroutines whose time is over and whose end is not yet being recorded.
        self._late: dict[int, int] = {}
        self._generation = forks.generation

    def perform(self, run: Run, seconds: float) -> Any:
        """Run `perform` in this thread.

        Raise TimeLimitExceeded when it takes longer, and what it raises itself.
        """
        number = run.unit.number
        ends_at = start_clock(run.job, seconds)
        place = self._begin(number, ends_at)
        self._timed[number] = _Timed(number, ends_at, guard_here())
        try:
            return call_open(run.job.perform, run.payload.args, run.payload.kwargs, number)
        except TimeLimitExceeded as error:
            error.name_limit(seconds)
            raise
        finally:
            del self._timed[number]
            self._end(place)

    async def aperform(self, run: Run, seconds: float) -> Any:
        """Await `perform`, and cancel it when it takes longer.

        Raise TimeLimitExceeded then, and what it raises itself. One whose time was over stays on
        the board until `let_go`: a thread that hangs may keep it from its end.
        """
        place = self._begin(run.unit.number, start_clock(run.job, seconds))
        clock = asyncio.timeout(seconds)
        try:
            async with clock:
                return await run.job.perform(*run.payload.args, **run.payload.kwargs)
        except TimeoutError as error:
            if clock.expired():
                raise TimeLimitExceeded(seconds) from error
            raise
        finally:
            if clock.expired():
                self._late[run.unit.number] = place
            else:
                self._end(place)

    def let_go(self, number: int) -> None:
        """Note that the end of a coroutine is being recorded."""
        if self._late and (place := self._late.pop(number, None)) is not None:
            self._end(place)

    def strike(self) -> None:
        """Raise in the threads whose time is over.

        The main thread calls it at each turn.
        """
        if not self._timed:
            return
        now = time.monotonic()
        for timed in list(self._timed.values()):
            if now >= timed.ends_at and timed.guard is not None:
                timed.guard.interrupt(TimeLimitExceeded, timed.number, self._again_after)

    def overdue(self) -> AbstractSet[int]:
        """Return the numbers of the runs that go on beyond limit and grace."""
        return self._board.overdue().keys()

    # The board

    def _begin(self, number: int, ends_at: float) -> int:
        return self._board.set_limit(number, ends_at + self._grace, threading.get_ident())

    def _end(self, place: int) -> None:
        """Take the limit from the board, which a forked child may not touch."""
        if forks.generation == self._generation:
            self._board.lift_limit(place)
