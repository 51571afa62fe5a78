"""The sets, page by page, over one queue or all.

A set holds the jobs that are ready, scheduled, to be retried, dead or done. A page
costs the same whether a set holds ten jobs or ten million: it starts at a rank in each
queue and reads on from there. When it looks for something, it looks through at most
`SEARCH_LIMIT` jobs, and for at most `PATIENCE`.
"""

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote

from jobs.inspect.budget import Budget
from jobs.inspect.filter import Filter
from jobs.inspect.queues import chosen_queues
from jobs.inspect.reader import get_reader
from jobs.inspect.record import JobRecord, record_of_entry
from jobs.problem import Problem
from jobs.store.reader import Reader, SetName
from jobs.store.set_reader import Entry, Ranks, SetReader

#: Most jobs that one page looks through.
SEARCH_LIMIT = 100_000
#: The longest time that one page looks for something. Seconds.
PATIENCE = 2.0
#: Most jobs that one round trip looks through.
PORTION = 500
#: Jobs that a search looks through first in each queue.
FIRST_PORTION = 50
#: A page ends with the job that completes so many bytes of payload.
MOST_PAGE_BYTES = 2_000_000
#: The sets that are shown with the latest first.
LATEST_FIRST: frozenset[SetName] = frozenset({"dead", "done"})


@dataclass(frozen=True, slots=True)
class Effort:
    """What one page may cost.

    These are the seconds of its search, and the bytes of payload on it.
    """

    seconds: float
    page_bytes: int


@dataclass(frozen=True, slots=True)
class JobPage:
    """Jobs of a set, sorted as the set is, with cursors to both sides.

    `total` counts the jobs of these queues and times, whatever else the filter says.
    `searched` of them were looked through. The search `is_bounded` when it stopped
    before the end, since it had looked through enough. `next` and `previous` are
    cursors, empty when there is nothing more. `problems` says what could not be read.
    """

    jobs: tuple[JobRecord, ...]
    total: int
    searched: int
    is_bounded: bool
    next: str
    previous: str
    problems: tuple[Problem, ...] = ()


def job_set(
    name: SetName,
    jobs: Filter | None = None,
    *,
    cursor: str = "",
    limit: int = 50,
    reader: Reader | None = None,
    effort: Effort | None = None,
) -> JobPage:
    """Return one page of a set.

    It begins at the start of the set, or at the cursor of another page. Raise
    ValueError for a cursor that is none.

    Without a search it costs a few round trips for each queue and two more, O(queues
    log n + limit). A search takes one round trip for each 500 jobs or 500 kB of
    payloads. It stops after 100,000 jobs, or after the seconds of its `effort`, but not
    before it has looked at one job. The effort is that of a whole page unless it is given.
    """
    jobs = jobs or Filter()
    reader = reader or get_reader()
    queues = chosen_queues(jobs.queue, reader)
    start = _Cursor.parse(cursor)
    effort = effort or Effort(PATIENCE, MOST_PAGE_BYTES)
    walk = _Walk(SetReader(reader), name, jobs, queues, start, effort)
    page = walk.page(limit)
    for job in page.jobs:
        job.note_fault(reader)
    return replace(page, problems=reader.problems)


@dataclass(frozen=True, slots=True)
class _Cursor:
    """Ranks in each queue, from which a page goes on in one direction."""

    is_backwards: bool = False
    ranks: dict[str, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "_Cursor":
        """Return the cursor in a text such as `after:high:50:default:0`.

        In an empty text it is the start.
        """
        if not text:
            return cls()
        direction, *parts = text.split(":")
        names, ranks = parts[::2], parts[1::2]
        is_direction = direction in {"after", "before"}
        are_numbers = all(map(str.isdecimal, ranks))
        if not is_direction or not are_numbers or len(names) != len(ranks):
            raise ValueError(f"{text!r} is no place in a list of jobs.")
        queues = [unquote(name, errors="surrogateescape") for name in names]
        return cls(direction == "before", dict(zip(queues, map(int, ranks), strict=True)))

    def __str__(self) -> str:
        """Return the text for a URL."""
        parts = ["before" if self.is_backwards else "after"]
        for queue, rank in self.ranks.items():
            if rank:
                name = quote(queue, safe="", errors="surrogateescape")
                parts.append(f"{name}:{rank}")
        return ":".join(parts)


class _Walk:
    """One walk through a set, which merges the queues by score.

    It stops at a full page, or when its budget is spent. Where it stops depends on
    nothing that is hidden from people.
    """

    def __init__(
        self,
        reader: SetReader,
        name: SetName,
        jobs: Filter,
        queues: Sequence[str],
        cursor: _Cursor,
        effort: Effort,
    ) -> None:
        self._reader = reader
        self._name = name
        self._filter = jobs
        self._page_bytes = effort.page_bytes
        self._backwards = cursor.is_backwards
        self._searches = jobs.needs_payload(name)
        self._is_reversed = name in LATEST_FIRST
        self._windows = self._measure(queues)
        #: The next rank to look at in each queue, counted as the page is sorted.
        #: A walk backwards looks at the rank before it first.
        self._ranks = {
            queue: min(cursor.ranks.get(queue, 0), self._windows[queue][1]) for queue in queues
        }
        self._budget = Budget(effort.seconds, SEARCH_LIMIT) if self._searches else Budget(math.inf)
        #: Whether anything was read. Else the next page would begin where this one does.
        self._has_read = False

    def _measure(self, queues: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Return for each queue how many jobs to pass over, and how many count.

        Both are counted as the page is sorted.
        """
        everything = ("-inf", "+inf")
        bounds = self._filter.bounds(self._name)
        sizes = self._reader.sizes(queues, self._name, bounds)
        if not self._is_reversed or bounds == everything:
            return sizes
        # Counted from the high end, what lies above comes first.
        wholes = self._reader.sizes(queues, self._name, everything)
        windows = {}
        for queue, (below, among) in sizes.items():
            _, whole = wholes[queue]
            above = whole - below - among
            windows[queue] = (above, among)
        return windows

    def page(self, limit: int) -> JobPage:
        """Return the jobs from here on, and the cursors."""
        started = dict(self._ranks)
        first = FIRST_PORTION if self._searches else limit // self._queues_in_use() + 1
        walks = [self._queue(queue, first) for queue in self._ranks]
        jobs: list[JobRecord] = []
        is_full, size = False, 0
        for found in heapq.merge(*walks, key=lambda found: (found.key, found.queue)):
            jobs.append(self._job(found))
            self._ranks[found.queue] = found.next_rank
            size += len(found.entry.payload or b"")
            is_full = len(jobs) == limit or size >= self._page_bytes
            if is_full:
                break
        return self._as_page(jobs, started, is_full=is_full)

    def _queues_in_use(self) -> int:
        in_use = [queue for queue, (_, size) in self._windows.items() if size]
        return len(in_use) or 1

    def _queue(self, queue: str, portion: int) -> Iterator["_Found"]:
        """Yield what matches in one queue, in the direction of this walk.

        The first portion is small, since of many queues a page shows few jobs each. The
        next are larger, since a search goes far.
        """
        while self._may_read() and (ranks := self._next_ranks(queue, portion)):
            self._has_read = True
            found = self._reader.portion(ranks, self._filter.job_class)
            behind = ranks.behind(found.looked_at) - self._windows[queue][0]
            for entry in found.entries:
                candidate = self._candidate(queue, entry)
                if not self._searches or self._filter.matches(self._job(candidate)):
                    yield candidate
                self._ranks[queue] = candidate.next_rank
                if self._budget.is_spent:
                    return
            self._ranks[queue] = behind
            self._budget.spend(found.looked_at)
            portion *= 2
            if found.is_end:
                return

    def _may_read(self) -> bool:
        return not (self._has_read and self._budget.is_spent)

    def _candidate(self, queue: str, entry: Entry) -> "_Found":
        """Return a job that was read.

        The keys rise along the walk, so that the queues can be merged: where the scores
        fall, the key is the negative score.
        """
        scores_fall = self._is_reversed != self._backwards
        rank = entry.rank - self._windows[queue][0]
        return _Found(
            key=-entry.score if scores_fall else entry.score,
            queue=queue,
            next_rank=rank if self._backwards else rank + 1,
            entry=entry,
        )

    def _job(self, found: "_Found") -> JobRecord:
        """Return a job as it may be shown.

        A search looks at nothing else.
        """
        job = record_of_entry(found.queue, self._name, found.entry)
        return job.seen_with(self._reader.sight)

    def _next_ranks(self, queue: str, portion: int) -> Ranks | None:
        """Return the next ranks of a queue to read, or None at the end."""
        rank = self._ranks[queue]
        skipped, size = self._windows[queue]
        count = int(min(portion, PORTION, self._budget.left))
        if self._backwards:
            first, last = max(0, rank - count), rank - 1
        else:
            first, last = rank, min(rank + count, size) - 1
        if last < first:
            return None
        return Ranks(
            queue, self._name, skipped + first, skipped + last, self._is_reversed, self._backwards
        )

    def _as_page(self, jobs: list[JobRecord], started: dict[str, int], *, is_full: bool) -> JobPage:
        total = sum(size for _, size in self._windows.values())
        searched = sum(abs(rank - started[queue]) for queue, rank in self._ranks.items())
        first, last = started, self._ranks
        if self._backwards:
            first, last = last, first
            jobs.reverse()
        has_next = any(last[queue] < size for queue, (_, size) in self._windows.items())
        has_previous = any(first.values())
        goes_on = has_previous if self._backwards else has_next
        return JobPage(
            jobs=tuple(jobs),
            total=total,
            searched=searched if self._searches else 0,
            is_bounded=self._budget.is_spent and goes_on and not is_full,
            next=str(_Cursor(is_backwards=False, ranks=last)) if has_next else "",
            previous=str(_Cursor(is_backwards=True, ranks=first)) if has_previous else "",
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """A job on the way into a page.

    `next_rank` is where its queue goes on behind it. It is kept as Redis had it: one of each queue
    waits here, and a job that was read may be twenty times as large.
    """

    key: float
    queue: str
    next_rank: int
    entry: Entry
