"""The sets: one page of the jobs that are ready, scheduled, to be retried, dead or done, over one queue or all.

A page costs the same whether a set holds ten jobs or ten million: it starts at a rank in each queue and reads on from
there, at most `SEARCH_LIMIT` jobs when it looks for something.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from jobs.inspect.filter import Filter
from jobs.inspect.queues import queue_names
from jobs.inspect.reader import get_reader
from jobs.inspect.record import JobRecord, record_of_entry
from jobs.store.job_reader import JobReader, Ranks
from jobs.store.reader import Reader, SetName

#: Most jobs that one page looks through.
SEARCH_LIMIT = 100_000
#: Jobs that one round trip looks through.
PORTION = 1_000
#: The sets that are shown with the latest first.
LATEST_FIRST: frozenset[SetName] = frozenset({"dead", "done"})


@dataclass(frozen=True, slots=True)
class JobPage:
    """Jobs of a set in its order, and where to go from here.

    `total` counts the jobs of these queues and times, whatever else the filter says; `searched` of them were looked
    through, and the search `is_bounded` when it stopped before the end for having looked through enough. `next` and
    `previous` are cursors, empty when there is nothing more.
    """

    jobs: tuple[JobRecord, ...]
    total: int
    searched: int
    is_bounded: bool
    next: str
    previous: str


def job_set(
    name: SetName, jobs: Filter | None = None, *, cursor: str = "", limit: int = 50, reader: Reader | None = None
) -> JobPage:
    """Return one page of a set: from its start, or from the cursor of another page.

    Without a search: one round trip for each queue and two more, O(queues (log n + limit)). A search takes one for each
    1,000 jobs, and stops after 100,000. Raise ValueError for a cursor that is none.
    """
    jobs = jobs or Filter()
    reader = reader or get_reader()
    queues = [jobs.queue] if jobs.queue else queue_names(reader)
    return _Walk(JobReader(reader), name, jobs, queues, _Cursor.parse(cursor)).page(limit)


@dataclass(frozen=True, slots=True)
class _Cursor:
    """Ranks in each queue, from which a page goes on in one direction."""

    is_backwards: bool = False
    ranks: dict[str, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "_Cursor":
        """Return the cursor in a text such as `after:high:50:default:0`; of an empty one, the start."""
        if not text:
            return cls()
        direction, *parts = text.split(":")
        names, ranks = parts[::2], parts[1::2]
        if direction not in {"after", "before"} or len(names) != len(ranks) or not all(r.isdecimal() for r in ranks):
            raise ValueError(f"{text!r} is no place in a list of jobs.")
        return cls(direction == "before", dict(zip(names, map(int, ranks), strict=True)))

    def __str__(self) -> str:
        """Return the text for a URL."""
        ranks = [f"{queue}:{rank}" for queue, rank in self.ranks.items() if rank]
        return ":".join(["before" if self.is_backwards else "after", *ranks])


class _Walk:
    """One walk through a set: merges the queues by score and stops at a full page or at the search limit."""

    def __init__(self, reader: JobReader, name: SetName, jobs: Filter, queues: Sequence[str], cursor: _Cursor) -> None:
        self._reader = reader
        self._name = name
        self._filter = jobs
        self._backwards = cursor.is_backwards
        self._searches = jobs.needs_payload(name)
        self._is_reversed = name in LATEST_FIRST
        self._windows = self._measure(queues)
        #: The next rank to look at in each queue, seen in the order of the page; going backwards, the one behind it.
        self._ranks = {queue: min(cursor.ranks.get(queue, 0), self._windows[queue][1]) for queue in queues}
        self._searched = 0

    def _measure(self, queues: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Return for each queue the jobs to pass over and the jobs in question, both in the order of the page."""
        bounds = self._filter.bounds(self._name)
        sizes = self._reader.sizes(queues, self._name, bounds)
        if not self._is_reversed or bounds == ("-inf", "+inf"):
            return sizes
        # Counted from the high end, what lies above comes first.
        wholes = self._reader.sizes(queues, self._name, ("-inf", "+inf"))
        return {queue: (wholes[queue][1] - below - among, among) for queue, (below, among) in sizes.items()}

    def page(self, limit: int) -> JobPage:
        """Return the jobs from here on, and the cursors."""
        started = dict(self._ranks)
        walks = [self._queue(queue, limit) for queue in self._ranks]
        jobs: list[JobRecord] = []
        for _, queue, rank, job in heapq.merge(*walks, key=lambda found: found[:2]):
            if len(jobs) == limit:
                break
            jobs.append(job)
            self._ranks[queue] = rank if self._backwards else rank + 1
        return self._as_page(jobs, started, is_full=len(jobs) == limit)

    def _queue(self, queue: str, limit: int) -> Iterator[tuple[float, str, int, JobRecord]]:
        """Yield what matches in one queue, in the order of this walk, with a sort key, the queue and the rank."""
        sign = -1 if self._is_reversed != self._backwards else 1
        portion = PORTION if self._searches else limit
        rank = self._ranks[queue]
        while (ranks := self._next_ranks(queue, rank, portion)) and self._searched < SEARCH_LIMIT:
            found = self._reader.portion(ranks, self._filter.texts, most=limit)
            self._searched += found.looked_at
            for entry in found.entries:
                job = record_of_entry(queue, self._name, entry)
                if self._filter.matches(job):
                    at = entry.rank - self._windows[queue][0]
                    yield sign * entry.score, queue, at, job
            rank += -found.looked_at if self._backwards else found.looked_at
            if self._searches:
                self._ranks[queue] = rank
            if found.is_end:
                return

    def _next_ranks(self, queue: str, rank: int, portion: int) -> Ranks | None:
        skipped, size = self._windows[queue]
        first, last = (max(0, rank - portion), rank - 1) if self._backwards else (rank, min(rank + portion, size) - 1)
        if last < first:
            return None
        return Ranks(queue, self._name, skipped + first, skipped + last, self._is_reversed, self._backwards)

    def _as_page(self, jobs: list[JobRecord], started: dict[str, int], *, is_full: bool) -> JobPage:
        total = sum(size for _, size in self._windows.values())
        is_bounded = not is_full and self._searches and self._searched >= SEARCH_LIMIT
        first, last = (self._ranks, started) if self._backwards else (started, self._ranks)
        has_next = any(last[queue] < size for queue, (_, size) in self._windows.items())
        return JobPage(
            jobs=tuple(reversed(jobs)) if self._backwards else tuple(jobs),
            total=total,
            searched=self._searched if self._searches else 0,
            is_bounded=is_bounded,
            next=str(_Cursor(is_backwards=False, ranks=last)) if has_next else "",
            previous=str(_Cursor(is_backwards=True, ranks=first)) if any(first.values()) else "",
        )
