"""A worker process as its supervisor sees it, alive or dead.

Talks to no Redis.
"""

import os
import signal
import time
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field

from jobs.worker.board import Board
from jobs.worker.exits import BROKEN, STOPPED_BY_REQUEST
from jobs.worker.names import worker_names
from jobs.worker.recovery import WorkerEnd
from jobs.worker.stacks import Stacks

#: How a process ends that ends by itself.
GOOD_EXITS = frozenset({0, STOPPED_BY_REQUEST, BROKEN})


@dataclass(slots=True, eq=False)
class Child:
    """A worker process that lives, or has died and is not yet buried.

    `queues`: those that it serves. `is_paused`: by SIGSTOP. `turns` is how often its main thread
    had gone round at the last look. `is_silent`: not once since the look before. `overdue`: the
    numbers of jobs that have not ended long after their time limit, with their threads. `kills_at`
    is when it is killed for them, by the monotonic clock.
    """

    pid: int
    name: str
    board: Board
    stacks: Stacks
    queues: tuple[str, ...] = ()
    started: float = field(default_factory=time.monotonic)
    is_paused: bool = False
    was_told_to_stop: bool = False
    turns: int = -1
    is_silent: bool = False
    has_successor: bool = False
    overdue: Mapping[int, int] = field(default_factory=dict)
    kills_at: float | None = None
    _overdue_before: AbstractSet[int] = frozenset()
    _turns_before: int = -1
    _asked_for: AbstractSet[int] = frozenset()

    @property
    def is_leaving(self) -> bool:
        """Whether it is to end, and its successor is there."""
        return self.has_successor or self.was_told_to_stop

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

    def note_overdue(self) -> None:
        """Note which jobs are overdue.

        A job counts at the second look: a process that was frozen must be able to end it.
        """
        overdue = {} if self.is_paused else self.board.overdue()
        before, self._overdue_before = self._overdue_before, overdue.keys()
        self.overdue = {n: thread for n, thread in overdue.items() if n in before}

    def has_stacks_to_tell(self) -> bool:
        """Return whether the supervisor is to ask where overdue jobs are, once for each.

        That is where the main thread has not gone round since it was asked last. Any other process
        tells it by itself, and to ask might end it.
        """
        turns, self._turns_before = self._turns_before, self.board.turns
        stands_still = turns == self._turns_before
        if not stands_still or self.overdue.keys() <= self._asked_for:
            return False
        self._asked_for = self.overdue.keys()
        return True

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
        overdue = {} if is_crash else self.board.overdue()
        stacks = {number: self.stacks.of(thread) for number, thread in overdue.items()}
        end = WorkerEnd(reason, is_crash, self.board.running(), overdue=stacks)
        has_worked = self.board.has_ended_jobs
        death = Death(
            self.names, end, code, how, megabytes, has_worked=has_worked, queues=self.queues
        )
        self.board.close()
        self.stacks.close()
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
