"""The chores of a worker process, in a thread of their own.

So a Redis that hangs delays no signal.
"""

import threading
import time
from collections.abc import Callable, Sequence

from jobs.chore import Chore
from jobs.store.bounded import time_limit
from jobs.worker.guard import Guard


class Chores:
    """A list of chores that are done when they are due."""

    def __init__(self, chores: Sequence[Chore], guard: Guard) -> None:
        """Take the chores in their order."""
        self._chores = chores
        self._guard = guard

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self._chores

    def do_due(self) -> None:
        """Do what is due now."""
        for chore in self._chores:
            now = time.monotonic()
            if chore.is_due(now):
                chore.put_off(now)
                do_within(self._guard, chore, None)

    def hasten(self) -> None:
        """Let every chore be due at once."""
        for chore in self._chores:
            chore.next_at = 0.0


def do_within(guard: Guard, chore: Chore, until: float | None) -> None:
    """Do one chore.

    Its calls to Redis end when its own time is over, and at `until`. A push has a time of its own,
    and ends at `until` too.
    """
    time_limit.round_ends_at = until
    own = None if chore.longest is None else time.monotonic() + chore.longest
    time_limit.change(own)
    try:
        guard(chore.name, chore.do)
    finally:
        time_limit.deadline = time_limit.round_ends_at = None


class ChoresThread(threading.Thread):
    """Does the chores of a worker process beside its main thread."""

    def __init__(self, chores: Chores, tick: float, name: str = "jobs-chores") -> None:
        """Take the chores, and the seconds between two looks."""
        super().__init__(name=name, daemon=True)
        self._chores = chores
        self._tick = tick
        self._is_over = threading.Event()
        self._farewell: Callable[[], object] = lambda: None
        self.turns = 0

    @property
    def has_chores(self) -> bool:
        """Whether there is anything to do."""
        return not self._chores.is_empty

    @property
    def has_turned(self) -> bool:
        """Whether each chore was done once, if there are any."""
        return self.turns > 0 or not self.has_chores

    def run(self) -> None:
        """Go round until `end`, then say farewell."""
        while not self._is_over.wait(self._tick):
            self._chores.do_due()
            self.turns += 1
        self._farewell()

    def hasten(self) -> None:
        """Let every chore be due at once."""
        self._chores.hasten()

    def end(self, farewell: Callable[[], object], timeout: float) -> None:
        """Go round no more, do a last thing, and wait for that.

        `timeout`: so many seconds at most.
        """
        self._farewell = farewell
        self._is_over.set()
        if self.is_alive():
            self.join(timeout)
