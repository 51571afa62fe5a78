"""The failures: what goes wrong, in groups.

A group is one job class, one error class and one shape of the message.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Literal

from jobs.inspect.budget import Budget
from jobs.inspect.filter import Filter
from jobs.inspect.queues import queue_names
from jobs.inspect.reader import get_reader
from jobs.inspect.record import JobRecord, record_of_entry, time_of
from jobs.inspect.shape import shape_of
from jobs.moment import moment
from jobs.problem import Problem
from jobs.store.reader import Reader
from jobs.store.set_reader import Ranks, SetReader

#: Most jobs that are looked into.
LOOK_AT = 5_000
#: The longest time that they are looked into. Seconds.
PATIENCE = 2.0
#: So many bytes of payload are looked into.
MOST_BYTES = 50_000_000

FailedSet = Literal["retry", "dead"]


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Jobs of one class that failed alike.

    `retry` and `dead` count those that were looked at in each set. `example` is the latest of them,
    without its arguments: `find` returns the whole job.
    """

    job_class: str
    error_class: str
    shape: str
    example: JobRecord
    retry: int
    dead: int
    first_at: datetime
    last_at: datetime

    @property
    def count(self) -> int:
        """The number of jobs in both sets."""
        return self.retry + self.dead

    @property
    def filter(self) -> Filter:
        """The filter that finds all jobs of this group.

        It also finds those that were not looked at.
        """
        return Filter(job_class=self.job_class, error_class=self.error_class, shape=self.shape)


@dataclass(frozen=True, slots=True)
class Failures:
    """The groups of failures, the largest first.

    `looked_at` of the `total` jobs in retry and dead were looked at. `problems` says what could not
    be read.
    """

    groups: tuple[FailureGroup, ...]
    looked_at: int
    total: int
    problems: tuple[Problem, ...] = ()


def failure_groups(reader: Reader | None = None) -> Failures:
    """Group the latest 5,000 jobs in retry and dead by what went wrong.

    Without sight of arguments, messages do not part them. Each set of each queue has its share of
    the 5,000. It costs one round trip for each ten of them or 500 kB of payloads, and three more:
    O(5,000 + log n). After two seconds or 50 MB it stops with the groups that it knows.
    """
    reader = reader or get_reader()
    look = _Look(SetReader(reader), queue_names(reader))
    groups: dict[tuple[str, str, str], _Tally] = {}
    looked_at = 0
    for found in look.jobs():
        looked_at += 1
        found.note_fault(reader)
        job = found.seen_with(reader.sight)
        if job.error is not None:
            key = (job.job_class, job.error_class, shape_of(job.error_message))
            tally = groups.get(key)
            if tally is None:
                tally = groups[key] = _Tally(job)
            tally.add(job)
    made = [tally.group(*key) for key, tally in groups.items()]
    in_order = tuple(sorted(made, key=lambda g: (-g.count, g.last_at)))
    return Failures(in_order, looked_at, look.total, reader.problems)


class _Look:
    """Goes through the latest jobs of both sets.

    Each set of each queue has a share by its size.
    """

    def __init__(self, reader: SetReader, queues: list[str]) -> None:
        self._reader = reader
        self._sizes: dict[tuple[str, FailedSet], int] = {}
        names: tuple[FailedSet, ...] = ("retry", "dead")
        for name in names:
            for queue, (_, size) in reader.sizes(queues, name, ("-inf", "+inf")).items():
                self._sizes[queue, name] = size
        self.total = sum(self._sizes.values())
        self._budget = Budget(PATIENCE, MOST_BYTES)

    def jobs(self) -> Iterator[JobRecord]:
        """Yield jobs, the latest of each set before older ones of any."""
        found = self._reader.in_turns(self._shares(), lambda: self._budget.is_spent)
        for ranks, entry in found:
            if self._budget.is_spent:
                return
            yield record_of_entry(ranks.queue, ranks.name, entry)
            self._budget.spend(len(entry.payload or b""))

    def _shares(self) -> Iterator[Ranks]:
        for (queue, name), size in self._sizes.items():
            share = ceil(LOOK_AT * size / self.total) if self.total > LOOK_AT else size
            if share:
                yield Ranks(queue, name, 0, share - 1, is_reversed=True)


class _Tally:
    """Adds up one group.

    It keeps the latest job alone, and no arguments. Of thousands of jobs they would not fit into
    memory, where they may be twenty times as large as in Redis.
    """

    def __init__(self, first: JobRecord) -> None:
        self._latest = first.without_arguments()
        self._first_at = self._last_at = _time(first)
        self._counts = Counter[str]()

    def add(self, job: JobRecord) -> None:
        at = _time(job)
        self._counts[job.place] += 1
        self._first_at = min(self._first_at, at)
        if at > self._last_at:
            self._latest, self._last_at = job.without_arguments(), at

    def group(self, job_class: str, error_class: str, shape: str) -> FailureGroup:
        return FailureGroup(
            job_class=job_class,
            error_class=error_class,
            shape=shape,
            example=self._latest,
            retry=self._counts["retry"],
            dead=self._counts["dead"],
            first_at=self._first_at,
            last_at=self._last_at,
        )


def _time(job: JobRecord) -> datetime:
    return time_of(job.error or {}) or moment(0)
