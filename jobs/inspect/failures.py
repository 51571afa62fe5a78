"""The failures: what goes wrong, grouped by job class, error class and the shape of the message."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from jobs.inspect.filter import Filter, shape_of
from jobs.inspect.queues import queue_names
from jobs.inspect.reader import get_reader
from jobs.inspect.record import JobRecord, record_of_entry
from jobs.store.job_reader import JobReader, Ranks
from jobs.store.reader import Reader

#: Most jobs that are looked into; and in one round trip.
LOOK_AT, PORTION = 5_000, 500

FailedSet = Literal["retry", "dead"]


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Jobs of one class that failed alike; `retry` and `dead` count those that were looked at in each set."""

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
        """What finds all jobs of this group, also those that were not looked at."""
        return Filter(job_class=self.job_class, error_class=self.error_class, shape=self.shape)


@dataclass(frozen=True, slots=True)
class Failures:
    """The groups, the largest first, and how many of all jobs in retry and dead were looked at."""

    groups: tuple[FailureGroup, ...]
    looked_at: int
    total: int


def failure_groups(reader: Reader | None = None) -> Failures:
    """Group the latest 5,000 jobs in retry and dead by what went wrong.

    Each set of each queue has its share of the 5,000. A round trip for each 500, and three more: O(5,000 + log n).
    """
    reader = reader or get_reader()
    look = _Look(JobReader(reader), queue_names(reader))
    groups: dict[tuple[str, str, str], list[JobRecord]] = {}
    looked_at = 0
    for job in look.jobs():
        looked_at += 1
        if job.error is not None:
            groups.setdefault((job.job_class, job.error_class, shape_of(job.error_message)), []).append(job)
    made = (_group(*key, jobs) for key, jobs in groups.items())
    return Failures(tuple(sorted(made, key=lambda g: (-g.count, g.last_at))), looked_at, look.total)


class _Look:
    """Goes through the latest jobs of both sets, each set of each queue by its share."""

    def __init__(self, reader: JobReader, queues: list[str]) -> None:
        self._reader = reader
        everything = ("-inf", "+inf")
        names: tuple[FailedSet, ...] = ("retry", "dead")
        self._sizes = {
            (queue, name): size
            for name in names
            for queue, (_, size) in reader.sizes(queues, name, everything).items()
            if size
        }
        self.total = sum(self._sizes.values())

    def jobs(self) -> Iterator[JobRecord]:
        for (queue, name), size in self._sizes.items():
            share = size if self.total <= LOOK_AT else -(-LOOK_AT * size // self.total)
            yield from self._latest(queue, name, share)

    def _latest(self, queue: str, name: FailedSet, share: int) -> Iterator[JobRecord]:
        rank = 0
        while rank < share:
            ranks = Ranks(queue, name, rank, min(rank + PORTION, share) - 1, is_reversed=True)
            portion = self._reader.portion(ranks)
            rank += portion.looked_at
            yield from (record_of_entry(queue, name, entry) for entry in portion.entries)
            if portion.is_end or not portion.looked_at:
                return


def _group(job_class: str, error_class: str, shape: str, jobs: list[JobRecord]) -> FailureGroup:
    times = [float(job.error.get("at", 0)) for job in jobs if job.error]
    return FailureGroup(
        job_class,
        error_class,
        shape,
        example=max(jobs, key=lambda job: float(job.error.get("at", 0)) if job.error else 0.0),
        retry=sum(job.place == "retry" for job in jobs),
        dead=sum(job.place == "dead" for job in jobs),
        first_at=datetime.fromtimestamp(min(times), UTC),
        last_at=datetime.fromtimestamp(max(times), UTC),
    )
