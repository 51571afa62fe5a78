"""The children of a supervisor that live.

The operating system tells of their deaths. Talks to no Redis.
"""

import os
import signal
from collections.abc import Iterator

from jobs.events import WorkerEnded, WorkerPaused, WorkerResumed, emit
from jobs.worker.child import Child, Death


class Children:
    """The worker processes that live, by their pids."""

    def __init__(self) -> None:
        """Start with none."""
        self._living: dict[int, Child] = {}

    def __len__(self) -> int:
        """Return how many live."""
        return len(self._living)

    def __iter__(self) -> Iterator[Child]:
        """Yield those that live."""
        return iter(self._living.values())

    def __contains__(self, child: object) -> bool:
        """Return whether a child lives."""
        return isinstance(child, Child) and child.pid in self._living

    def add(self, child: Child) -> None:
        """Take in a child that was just forked."""
        self._living[child.pid] = child

    def tell_all(self, number: signal.Signals) -> None:
        """Send a signal to each."""
        for child in self:
            child.tell(number)

    def reap(self) -> Iterator[tuple[Child, Death]]:
        """Yield every child that died, and note which were paused (SIGSTOP) or go on."""
        while self._living:
            pid, status, usage = os.wait4(-1, os.WNOHANG | os.WUNTRACED | os.WCONTINUED)
            if pid == 0:
                return
            child = self._living.get(pid)
            if child is None:
                continue  # started by code of the project, such as a death handler
            is_paused, goes_on = os.WIFSTOPPED(status), os.WIFCONTINUED(status)
            if is_paused or goes_on:
                _note_pause(child, is_paused=is_paused)
                continue
            del self._living[pid]
            yield child, _bury(child, status, usage.ru_maxrss)


def _note_pause(child: Child, *, is_paused: bool) -> None:
    child.is_paused = is_paused
    emit(WorkerPaused(child.name) if is_paused else WorkerResumed(child.name))


def _bury(child: Child, status: int, peak_kilobytes: int) -> Death:
    death = child.bury(status, peak_kilobytes)
    is_crash, megabytes = death.end.is_crash, death.peak_memory_mb
    emit(WorkerEnded(child.name, child.pid, death.how, megabytes, is_crash=is_crash))
    return death
