"""The units of this process that wait for a thread.

How many of them there should be is decided here. Units that are done wait here too, for the next
fetch.
"""

import time
from collections import deque
from collections.abc import Collection, Iterable

from jobs.worker.unit import Unit, drained

#: As much work as may wait, in seconds of the whole process, and in jobs.
AHEAD_SECONDS = 0.008
MOST_AHEAD = 900
#: Most jobs in one fetch: with 300 Redis is busy for less than a millisecond.
MOST_UNITS = 300
#: Longest that a unit waits for a thread, in seconds.
LONGEST_WAIT = 0.025


class Stock:
    """Units that are fetched and not begun.

    The caller holds the lock of the buffer, except where something else is said below.
    """

    def __init__(self, threads: int) -> None:
        """Start empty, for so many threads to take from."""
        self._threads = threads
        self._since = 0.0
        #: Any thread may take from the left while there are more than `low_mark`.
        self.units: deque[Unit] = deque()
        self.low_mark = 0
        #: How long a job took lately, in seconds. Any thread may write it.
        self.mean_seconds = 1.0

    def add(self, units: Collection[Unit]) -> None:
        """Put what was fetched behind what is there."""
        self.units.extend(units)
        if units:
            self._since = time.monotonic()

    def pop(self) -> Unit | None:
        """Take the first unit, None where another thread was quicker.

        For any thread, without the lock.
        """
        try:
            return self.units.popleft()
        except IndexError:
            return None

    def first(self) -> Unit | None:
        """Return the unit that is taken next, None where none waits."""
        try:
            return self.units[0]
        except IndexError:
            return None

    def count_wanted(self, idle: int) -> int:
        """Return how many jobs to fetch, at least one, while `idle` threads wait."""
        room = self._ahead() - len(self.units)
        return min(max(1, idle, idle + room), MOST_UNITS)

    def set_low_mark(self, brought: int, idle: int) -> None:
        """Say when to fetch more, after a fetch that brought some.

        When half is gone is time enough for a round trip. Where jobs take microseconds, one fetch
        does not last that long, so three of them are kept.
        """
        waiting = len(self.units)
        half = (waiting - idle) // 2
        # With a mark at what waits, a thread would fetch again and again before it runs one.
        kept = min(self._ahead() - MOST_UNITS, waiting - 1)
        low_mark = max(0, half, kept)  # others may have taken units meanwhile
        self.low_mark = low_mark if brought > idle else 0

    def _ahead(self) -> int:
        """Return how many jobs are done in `AHEAD_SECONDS`."""
        jobs = AHEAD_SECONDS * self._threads / max(self.mean_seconds, 1e-6)
        return min(int(jobs), MOST_AHEAD)

    def is_stale(self) -> bool:
        """Whether units have waited for too long, as all threads are busy."""
        return bool(self.units) and time.monotonic() - self._since >= LONGEST_WAIT

    def take_all(self) -> list[Unit]:
        """Take everything that waits."""
        return drained(self.units)

    def remove(self, numbers: Collection[int]) -> list[Unit]:
        """Take out the units with these numbers and return them."""
        waiting = drained(self.units)
        self.units.extend([unit for unit in waiting if unit.number not in numbers])
        return [unit for unit in waiting if unit.number in numbers]


class Finished:
    """Units that are done and whose end is to travel with the next fetch."""

    def __init__(self) -> None:
        """Start empty."""
        self._units: deque[Unit] = deque()
        self._since = 0.0
        self._is_held_up = False

    def add(self, unit: Unit) -> None:
        """Add one that is done, from any thread and without a lock."""
        if not self._units:
            self._since = time.monotonic()
        self._units.append(unit)

    def add_again(self, units: Iterable[Unit]) -> None:
        """Add some whose end Redis has forgotten."""
        self._units.extend(units)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._units)

    def may_go(self) -> bool:
        """Whether they may be sent at once.

        What a queue did not accept is left to the chores.
        """
        return bool(self._units) and not self._is_held_up

    def is_late(self) -> bool:
        """Whether they have waited for too long."""
        return bool(self._units) and time.monotonic() - self._since >= LONGEST_WAIT

    def take_all(self) -> list[Unit]:
        """Take what is there now."""
        return [self._units.popleft() for _ in range(len(self._units))]

    def note_answered(self, sent: Collection[Unit], answered: Collection[Unit]) -> None:
        """Keep what was sent and not answered, before all that has come since."""
        self._is_held_up = len(answered) < len(sent)
        if self._is_held_up:
            numbers = {unit.number for unit in answered}
            kept = [unit for unit in sent if unit.number not in numbers]
            self._units.extendleft(reversed(kept))
