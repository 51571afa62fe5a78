"""The failures: what goes wrong, in groups.

A group is one job class, one error class and one shape of the message.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from math import ceil
from typing import Literal

from jobs.inspect.budget import Budget
from jobs.inspect.failure_times import SPANS, FailureTimes, failure_times
from jobs.inspect.filter import Filter
from jobs.inspect.metrics import Deploy
from jobs.inspect.muting import Muted, muted, sees_whole_groups
from jobs.inspect.queues import queue_names
from jobs.inspect.reader import get_reader
from jobs.inspect.record import JobRecord, record_of_entry
from jobs.inspect.shape import shape_of
from jobs.moment import moment, seconds_of
from jobs.payload import JobError
from jobs.problem import Problem
from jobs.store.metrics import MetricReader
from jobs.store.mutes import read_mutes
from jobs.store.reader import Reader
from jobs.store.set_reader import Ranks, SetReader

#: Most jobs that are looked into.
LOOK_AT = 2_000
#: The longest time that they are looked into. Seconds.
PATIENCE = 2.0
#: So many bytes of payload are looked into.
MOST_BYTES = 50_000_000

FailedSet = Literal["retry", "dead"]


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Jobs of one class that failed alike.

    `retry` and `dead` count those that were looked at in each set, and `estimate` is about how many
    there are where not all were. `example` is the latest of them, without its arguments: `find`
    returns the whole job. `first_at` and `last_at` are when the first and the last attempt of any
    of them failed by an error of this class, as far as payloads tell. `muted` is given where
    somebody muted the group.
    """

    job_class: str
    error_class: str
    shape: str
    example: JobRecord
    retry: int
    dead: int
    first_at: datetime
    last_at: datetime
    times: FailureTimes
    estimate: int = 0
    muted: Muted | None = None

    @property
    def name(self) -> str:
        """A short name of the group, for addresses and mutes."""
        return name_of_group(self.job_class, self.error_class, self.shape)

    @property
    def is_muted(self) -> bool:
        """Whether people do not want to see it."""
        return self.muted is not None and self.muted.holds

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
    """Group the latest 2,000 jobs in retry and dead by what went wrong.

    Without sight of arguments messages do not part them. Nothing is muted for who sees a part of
    the queues or no messages. Each set of each queue has its share of the 2,000, and one at least.
    It costs one round trip for each ten of them or 500 kB of payloads, and seven more: O(2,000 +
    log n). After two seconds or 50 MB it stops with the groups that it knows.
    """
    reader = reader or get_reader()
    look = _Look(SetReader(reader), queue_names(reader))
    tallies = _Tallies()
    for found in look.jobs():
        found.note_fault(reader)
        tallies.add(found.seen_with(reader.sight))
    whole = look.total / max(1, tallies.looked_at)
    groups = _with_mutes(reader, tallies.groups(*_deploys(reader), whole))
    in_order = tuple(sorted(groups, key=lambda group: (-group.count, group.last_at)))
    return Failures(in_order, tallies.looked_at, look.total, reader.problems)


def name_of_group(job_class: str, error_class: str, shape: str) -> str:
    """Return a short name of a group of failures."""
    parts = f"{job_class}\0{error_class}\0{shape}"
    return blake2b(parts.encode(errors="backslashreplace"), digest_size=8).hexdigest()


def _deploys(reader: Reader) -> tuple[tuple[Deploy, ...], float]:
    """Return the deploys that a group can show, and the time."""
    now = reader.now()
    found = MetricReader(reader).deploys(now - SPANS[-1])
    return tuple(Deploy(moment(at), label) for at, label in found), now


def _with_mutes(reader: Reader, found: "_Groups") -> list[FailureGroup]:
    """Return the groups, with what people muted of them.

    Who sees no messages sees several groups as one: a mute of one of them would hide all. Who sees
    a part of a group cannot tell whether it has grown.
    """
    if not sees_whole_groups(reader):
        return found.groups
    mutes = read_mutes(reader, [group.name for group in found.groups])

    def judged(group: FailureGroup) -> FailureGroup:
        mute = mutes.get(group.name)
        if mute is None:
            return group
        state = muted(mute, group.estimate, group.first_at, found.deploys, found.now)
        return replace(group, muted=state)

    return [judged(group) for group in found.groups]


@dataclass(frozen=True, slots=True)
class _Groups:
    """The groups as they were found, with what they are judged by."""

    groups: list[FailureGroup]
    deploys: tuple[Deploy, ...]
    now: float


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
        """Yield the latest of each set, all within LOOK_AT.

        They are one, and more by the size of the set.
        """
        sizes = {place: size for place, size in self._sizes.items() if size}
        left, others = max(0, LOOK_AT - len(sizes)), max(1, self.total - len(sizes))
        for (queue, name), size in sizes.items():
            share = min(size, 1 + left * (size - 1) // others)
            yield Ranks(queue, name, 0, share - 1, is_reversed=True)


class _Tallies:
    """Adds up all groups."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str, str], _Tally] = {}
        #: Messages repeat, and a shape costs time.
        self._shapes: dict[str, str] = {}
        self.looked_at = 0

    def add(self, job: JobRecord) -> None:
        self.looked_at += 1
        if job.error is None:
            return
        key = (job.job_class, job.error_class, self._shape(job.error_message))
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = _Tally(job)
        tally.add(job)

    def _shape(self, message: str) -> str:
        line = message.partition("\n")[0]
        if line not in self._shapes:
            self._shapes[line] = shape_of(line)
        return self._shapes[line]

    def groups(self, deploys: tuple[Deploy, ...], now: float, whole: float) -> _Groups:
        """Return all groups. There are `whole` times as many jobs as were looked at."""
        made = [tally.group(key, deploys, now) for key, tally in self._tallies.items()]
        told = [replace(group, estimate=ceil(group.count * whole)) for group in made]
        return _Groups(told, deploys, now)


class _Tally:
    """Adds up one group.

    It keeps the latest job alone, and no arguments. Of thousands of jobs they would not fit into
    memory, where they may be twenty times as large as in Redis.
    """

    def __init__(self, first: JobRecord) -> None:
        self._latest = first.without_arguments()
        self._latest_at = _times_of(first)[-1]
        self._counts = Counter[str]()
        self._times: list[float] = []

    def add(self, job: JobRecord) -> None:
        times = _times_of(job)
        self._counts[job.place] += 1
        self._times += times
        if times[-1] > self._latest_at:
            self._latest, self._latest_at = job.without_arguments(), times[-1]

    def group(
        self, key: tuple[str, str, str], deploys: tuple[Deploy, ...], now: float
    ) -> FailureGroup:
        job_class, error_class, shape = key
        return FailureGroup(
            job_class=job_class,
            error_class=error_class,
            shape=shape,
            example=self._latest,
            retry=self._counts["retry"],
            dead=self._counts["dead"],
            first_at=moment(min(self._times)),
            last_at=moment(max(self._times)),
            times=failure_times(self._times, deploys, now),
        )


def _seconds(error: JobError) -> float:
    """Return when an error happened, in epoch seconds.

    It is 0 where the error does not say so.
    """
    return seconds_of(error.get("at")) or 0.0


def _times_of(job: JobRecord) -> list[float]:
    """Return when its attempts failed, by errors of the class of the last."""
    errors = job.errors
    last = errors[-1].get("class")
    times = [_seconds(error) for error in errors if error.get("class") == last]
    return [at for at in times if at] or [0.0]
