"""A worker process as its supervisor sees it, while it lives and when it has died. Talks to no Redis."""

import os
import signal
import time
from dataclasses import dataclass, field

from jobs.worker.board import Board
from jobs.worker.exits import STOPPED_BY_ORDER
from jobs.worker.names import worker_name
from jobs.worker.recovery import WorkerEnd


@dataclass(slots=True)
class Child:
    """A worker process that lives, or has died and is not yet buried."""

    pid: int
    name: str
    board: Board
    started: float = field(default_factory=time.monotonic)
    is_stopped: bool = False
    was_told_to_stop: bool = False

    @property
    def names(self) -> list[str]:
        """Every name that the worker has had; only under the last it takes jobs."""
        return [worker_name(self.name, generation) for generation in range(self.board.generation + 1)]

    def tell(self, number: signal.Signals) -> None:
        """Send a signal. One that was paused goes on, to be able to obey a stop."""
        self.was_told_to_stop = self.was_told_to_stop or number in {signal.SIGTERM, signal.SIGKILL}
        os.kill(self.pid, number)
        if number == signal.SIGTERM:
            os.kill(self.pid, signal.SIGCONT)

    def bury(self, status: int, peak_kilobytes: int) -> "Death":
        """Return how the process ended and which jobs it was running, and give its board back."""
        code = os.waitstatus_to_exitcode(status)
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        megabytes = peak_kilobytes // 1024
        reason = f"The worker process ended: {how}; peak memory {megabytes} MB"
        is_crash = code not in {0, STOPPED_BY_ORDER} and not self.was_told_to_stop
        ending = WorkerEnd(reason, is_crash=is_crash, running=frozenset(self.board.running()))
        death = Death(self.names, ending, code, how, megabytes)
        self.board.close()
        return death


@dataclass(frozen=True, slots=True)
class Death:
    """The end of a child, until its jobs are all taken back. `code`: its exit code, or minus the signal."""

    names: list[str]
    ending: WorkerEnd
    code: int
    how: str
    peak_memory_mb: int

    @property
    def is_by_order(self) -> bool:
        """Whether a person had told this very worker to stop."""
        return self.code == STOPPED_BY_ORDER
