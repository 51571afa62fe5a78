"""A look at jobs wherever they wait, run or are dead.

It sees all of them, or some of each set, spread evenly. `misfits` judges them.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Literal, get_args

from jobs.inspect.budget import Budget
from jobs.store.reader import QueueCounts, Reader, SetName, WaitingSet
from jobs.store.set_reader import Entry, Ranks, SetReader

#: Most jobs that are looked at of all that wait or run, and most of the dead.
LOOK_AT, LOOK_AT_DEAD = 100_000, 10_000
#: Of each set so many jobs are looked at, however large the others are.
LEAST = 500
#: Jobs that are looked at together where a set is looked at in places.
PLACE = 100
#: The longest time for a look at some jobs. Seconds.
PATIENCE = 20.0

SeenSet = SetName | Literal["running"]
#: A job with its set and its queue.
Seen = tuple[SeenSet, str, Entry]
#: Ready comes last, since jobs of the others go there meanwhile.
_WAITING: list[WaitingSet] = sorted(get_args(WaitingSet), key=lambda name: name == "ready")


class Spread:
    """Goes through the sets of some queues, whose sizes are known.

    What waits or runs comes before the dead. Each set has a share by its size.
    """

    def __init__(self, reader: Reader, counts: Mapping[str, QueueCounts], *, every: bool) -> None:
        """Take the numbers of the queues.

        With `every` it looks at all jobs, however long that takes.
        """
        self._sets = SetReader(reader)
        self._counts = counts
        self._every = every
        live = (*_WAITING, "running")
        self._live = sum(getattr(c, name) for c in counts.values() for name in live)
        self._dead = sum(c.dead for c in counts.values())
        self._budget = Budget(math.inf if every else PATIENCE)
        #: How many jobs there were at the start.
        self.total = self._live + self._dead
        #: Whether every set was gone through from end to end. It is known afterwards.
        self.is_whole = True

    def jobs(self) -> Iterator[Seen]:
        """Yield the jobs.

        One round trip brings 500 of them, or 500 kB of payloads.
        """
        yield from self._among(self._of_sets(*_WAITING))
        yield from self._running()
        yield from self._among(self._of_sets("dead"))

    def _of_sets(self, *names: SetName) -> Iterator[Ranks]:
        for name in names:
            for queue, counts in self._counts.items():
                size: int = getattr(counts, name)
                if size:
                    yield from self._places(Ranks(queue, name, 0, size - 1, is_reversed=True))

    def _places(self, whole: Ranks) -> Iterator[Ranks]:
        """Yield the ranks to look at.

        These are all, or places that lie evenly, with both ends. Of 5,000 jobs and a share of
        300 they are 0 to 99, 2,450 to 2,549 and 4,900 to 4,999.
        """
        size = whole.last + 1
        share = self._share(size, is_dead=whole.name == "dead")
        if share >= size:
            yield whole
            return
        places = max(2, share // PLACE)  # no more, or they would overlap
        for n in range(places):
            first = n * max(0, size - PLACE) // (places - 1)
            yield replace(whole, first=first, last=min(first + PLACE, size) - 1)

    def _share(self, size: int, *, is_dead: bool = False) -> int:
        """Return how many jobs of a set of this size are looked at."""
        total, most = (self._dead, LOOK_AT_DEAD) if is_dead else (self._live, LOOK_AT)
        if self._every or total <= most:
            return size
        share = min(size, max(LEAST, math.ceil(most * size / total)))
        self.is_whole = self.is_whole and share == size
        return share

    def _among(self, ranks: Iterable[Ranks]) -> Iterator[Seen]:
        for each, entry in self._sets.in_turns(ranks, self._is_late):
            yield each.name, each.queue, entry

    def _running(self) -> Iterator[Seen]:
        for queue, counts in self._counts.items():
            left = self._share(counts.running) if counts.running else 0
            if left and not self._is_late():
                yield from self._running_in(queue, left)

    def _running_in(self, queue: str, left: int) -> Iterator[Seen]:
        for entries in self._sets.running(queue):
            for entry in entries[:left]:
                yield "running", queue, entry
            left -= len(entries)
            if left <= 0 or self._is_late():
                return

    def _is_late(self) -> bool:
        if not self._budget.is_spent:
            return False
        self.is_whole = False
        return True
