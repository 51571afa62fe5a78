"""What became of each process of the drill.

It is looked up in /proc, so Linux only. The verdict explains runs with it.
"""

import os
import signal
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Freeze:
    """A time in which a process was stopped by SIGSTOP."""

    began: float
    ended: float | None = None

    @property
    def seconds(self) -> float:
        """How long it lasted, or has lasted so far."""
        return (self.ended or time.monotonic()) - self.began


@dataclass(slots=True)
class Life:
    """One process of ours.

    `killed_at` and `told_to_stop_at` are our doing, `gone_at` is when it was missed.
    """

    pid: int
    supervisor: int
    killed_at: float | None = None
    told_to_stop_at: float | None = None
    gone_at: float | None = None
    freezes: list[Freeze] = field(default_factory=list)

    @property
    def died_by_itself(self) -> bool:
        """Whether it is gone and nobody here had a hand in it."""
        return self.gone_at is not None and self.killed_at is None and self.told_to_stop_at is None


class Lives:
    """All processes that were ever started here, by their id."""

    def __init__(self) -> None:
        """Start with none."""
        self.by_pid: dict[int, Life] = {}

    def add(self, pid: int, supervisor: int) -> None:
        """Note a process that was seen.

        One that a dying supervisor has just started dies with it.
        """
        if pid not in self.by_pid:
            above = self.by_pid.get(supervisor)
            told = (above.told_to_stop_at or above.killed_at) if above else None
            self.by_pid[pid] = Life(pid, supervisor, told_to_stop_at=told)

    def look(self) -> None:
        """See who has come and who has gone."""
        for parent, children in families().items():
            if parent in self.by_pid:
                for pid in children:
                    self.add(pid, parent)
        for life in self.by_pid.values():
            if life.gone_at is None and not is_alive(life.pid):
                life.gone_at = time.monotonic()

    def workers_of(self, supervisor: int) -> list[Life]:
        """Return the workers of one supervisor that live, the oldest first."""
        self.look()
        lives = [life for life in self.by_pid.values() if life.supervisor == supervisor != life.pid]
        return [life for life in lives if life.gone_at is None]

    def kill(self, life: Life) -> None:
        """Send SIGKILL."""
        life.killed_at = time.monotonic()
        send(life.pid, signal.SIGKILL)

    def tell_to_stop(self, life: Life) -> None:
        """Note that a process is about to end by itself, since we made it."""
        life.told_to_stop_at = life.told_to_stop_at or time.monotonic()

    def freeze(self, life: Life) -> None:
        """Send SIGSTOP."""
        life.freezes.append(Freeze(time.monotonic()))
        send(life.pid, signal.SIGSTOP)

    def thaw(self, life: Life) -> None:
        """Send SIGCONT."""
        if life.freezes and life.freezes[-1].ended is None:
            send(life.pid, signal.SIGCONT)
            life.freezes[-1].ended = time.monotonic()


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process, if it lives."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def is_alive(pid: int) -> bool:
    """Whether a process lives, and does not only wait to be reaped."""
    return _state_and_parent(pid)[0] not in {"", "Z", "X"}


def families() -> dict[int, list[int]]:
    """Return the children of each process of this machine, ordered by id."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for pid in sorted(int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()):
        found[_state_and_parent(pid)[1]].append(pid)
    return found


def _state_and_parent(pid: int) -> tuple[str, int]:
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return "", 0
    return words[0], int(words[1])
