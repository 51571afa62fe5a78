"""A worker process as its supervisor sees it, alive or dead.

Talks to no Redis.
"""

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field

from jobs.worker.board import Board
from jobs.worker.exits import BROKEN, STOPPED_BY_REQUEST
from jobs.worker.names import worker_names
from jobs.worker.recovery import WorkerEnd

#: How a process ends that ends by itself.
GOOD_EXITS = frozenset({0, STOPPED_BY_REQUEST, BROKEN})


@dataclass(slots=True)
class Child:
    """A worker process that lives, or has died and is not yet buried.

    `queues`: those that it serves. `is_paused`: by SIGSTOP. `turns` is how often its main thread
    had gone round at the last look. `is_silent`: not once since the look before.
    """

    pid: int
    name: str
    board: Board
    queues: tuple[str, ...] = ()
    started: float = field(default_factory=time.monotonic)
    is_paused: bool = False
    was_told_to_stop: bool = False
    turns: int = -1
    is_silent: bool = False

    @property
    def names(self) -> list[str]:
        """Every name that the worker has had.

        In each queue it takes jobs under one of them.
        """
        return worker_names(self.name, self.board.generation)

    def tell(self, number: signal.Signals) -> None:
        """Send a signal.

        One that was paused goes on, to be able to obey a stop.
        """
        if number in {signal.SIGTERM, signal.SIGKILL}:
            self.was_told_to_stop = True
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)
            if number == signal.SIGTERM:
                os.kill(self.pid, signal.SIGCONT)

    def listen(self) -> bool:
        """Look whether the main thread goes round, and return whether that has changed."""
        turns, self.turns = self.turns, self.board.turns
        was_silent, self.is_silent = self.is_silent, turns == self.turns
        return was_silent != self.is_silent

    def bury(self, status: int, peak_kilobytes: int) -> "Death":
        """Return how the process ended and which jobs it was running.

        Its board is given back.
        """
        code = os.waitstatus_to_exitcode(status)
        how = _in_words(code)
        megabytes = peak_kilobytes // 1024
        reason = f"The worker process ended: {how}; peak memory {megabytes} MB"
        # A job can end its process with any exit code, 0 too.
        # If that were no crash, it would do so for ever.
        is_by_itself = self.board.has_left and code in GOOD_EXITS
        is_crash = not (is_by_itself or self.was_told_to_stop)
        end = WorkerEnd(reason, is_crash=is_crash, running=self.board.running())
        has_worked = self.board.has_ended_jobs
        death = Death(
            self.names, end, code, how, megabytes, has_worked=has_worked, queues=self.queues
        )
        self.board.close()
        return death


@dataclass(frozen=True, slots=True)
class Death:
    """The end of a child, until its jobs are all taken back.

    `code`: its exit code, or minus the signal. `has_worked`: it had run a job to its end.
    """

    names: list[str]
    end: WorkerEnd
    code: int
    how: str
    peak_memory_mb: int
    has_worked: bool
    queues: tuple[str, ...] = ()

    @property
    def is_by_request(self) -> bool:
        """Whether a person had told this very worker to stop."""
        return self._ended_with(STOPPED_BY_REQUEST)

    @property
    def is_well(self) -> bool:
        """Whether it ended because its work was done."""
        return self._ended_with(0)

    @property
    def is_fault(self) -> bool:
        """Whether it ended as no worker should, without having done any work."""
        return not (self.is_well or self.is_by_request or self.has_worked)

    def _ended_with(self, code: int) -> bool:
        return self.code == code and not self.end.is_crash


def _in_words(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
