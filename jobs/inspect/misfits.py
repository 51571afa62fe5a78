"""The misfits: jobs in Redis that the code here would park or fail.

`manage.py jobs check --deploy` asks with the code that is about to ship.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from jobs.inspect.fitness import FAULT_KINDS, Fault, FaultKind, fault_of
from jobs.inspect.queues import queue_names
from jobs.inspect.reader import get_reader
from jobs.inspect.spread import SeenSet, Spread
from jobs.job import decide_options
from jobs.middleware.chain import get_chain
from jobs.problem import Problem
from jobs.store.reader import Reader
from jobs.store.set_reader import Entry
from jobs.text import shown

#: Most groups that are told apart. The jobs of all others are counted together.
MOST_GROUPS = 200


@dataclass(frozen=True, slots=True)
class Misfit:
    """Jobs of one class, queue and set that do not suit the code.

    They have one reason. `first_id` is the one of them that runs first, or died first. `reason` and
    `remedy` are English sentences, and no value of an argument is in them.
    """

    kind: FaultKind
    job_class: str
    queue: str
    place: SeenSet
    count: int
    first_id: str
    reason: str
    remedy: str

    @property
    def fate(self) -> Literal["parked", "fails"]:
        """What becomes of them: a worker parks them, or they fail.

        The dead do so if a person retries them.
        """
        return "fails" if self.kind == "arguments" else "parked"

    @property
    def is_dead(self) -> bool:
        """Whether they lie in the dead set, where nothing happens by itself."""
        return self.place == "dead"

    def as_json(self) -> Mapping[str, Any]:
        """Return the same as a dictionary."""
        return {
            "class": shown(self.job_class),
            "queue": shown(self.queue),
            "set": self.place,
            "count": self.count,
            "first_id": shown(self.first_id),
            "kind": self.kind,
            "fate": self.fate,
            "reason": shown(self.reason),
            "remedy": shown(self.remedy),
        }


@dataclass(frozen=True, slots=True)
class Misfits:
    """What a look has found, the dead last.

    `count` misfits wait or run, and `dead` more are dead. All of them are in `groups`, but for
    those that were `left_out`, since there were too many groups. `looked_at` of the `total` jobs
    were looked at. `too_long` ones were not, as their payloads are too long to be read. `is_whole`
    says that no job was passed over. `queues` is how many queues were ever used. `problems` says
    what could not be read.
    """

    groups: tuple[Misfit, ...]
    count: int
    dead: int
    left_out: int
    looked_at: int
    total: int
    too_long: int
    is_whole: bool
    queues: int
    problems: tuple[Problem, ...] = ()

    def as_json(self) -> Mapping[str, Any]:
        """Return the same as dictionaries and lists."""
        return {
            "count": self.count,
            "dead": self.dead,
            "left_out": self.left_out,
            "looked_at": self.looked_at,
            "total": self.total,
            "too_long": self.too_long,
            "is_whole": self.is_whole,
            "queues": self.queues,
            "misfits": [group.as_json() for group in self.groups],
            "problems": [{"key": p.key, "reason": p.reason} for p in self.problems],
        }


def misfits(reader: Reader | None = None, *, every: bool = False) -> Misfits:
    """Return the jobs that the code of this process would park or fail.

    It looks at what waits, runs or is dead, and at no results: at about 100,000 jobs that wait or
    run and 10,000 of the dead. Each set has a share by its size, at least 500 jobs, spread evenly.
    After 20 seconds it stops. With `every` it looks at all, however long that takes. While workers
    go on, a job may be seen twice, or be missed on its way from one set to another.

    Raise InvalidJob or ConfigurationError where the code here is wrong in itself. One round trip
    brings 500 jobs, or 500 kB of payloads: O(n log n) in all, O(log n + 500) at a time.
    """
    get_chain()  # fails where no worker could start
    decide_options()
    reader = reader or get_reader()
    names = queue_names(reader)
    used = reader.queue_names().intersection(names)
    spread = Spread(reader, reader.counts(names), every=every)
    tally = _Tally(sees_arguments=reader.sight.sees_arguments)
    for place, queue, entry in spread.jobs():
        tally.add(place, queue, entry)
    return tally.result(spread, len(used), reader.problems)


class _Tally:
    """Judges the jobs and adds up those that do not suit the code."""

    def __init__(self, *, sees_arguments: bool) -> None:
        self._sees_arguments = sees_arguments
        self._groups: dict[tuple[str, ...], _Group] = {}
        self._looked_at = self._too_long = self._left_out = 0
        self._counts = Counter[bool]()

    def add(self, place: SeenSet, queue: str, entry: Entry) -> None:
        if entry.too_long:
            self._too_long += 1
        if entry.payload is None:  # where its key cannot be read, the reader has noted that
            return
        self._looked_at += 1
        fault = fault_of(entry.payload, entry.job_id, queue)
        if fault is not None:
            self._count(place, queue, entry, self._seen(fault))

    def _seen(self, fault: Fault) -> Fault:
        """Return a fault without the names of arguments where these are hidden."""
        if self._sees_arguments or fault.kind != "arguments":
            return fault
        return replace(fault, reason="Its arguments do not suit perform.")

    def _count(self, place: SeenSet, queue: str, entry: Entry, fault: Fault) -> None:
        self._counts[place == "dead"] += 1
        why = "" if fault.kind == "unreadable" else fault.reason  # each has words of its own
        key = (place, queue, fault.kind, fault.job_class, why)
        group = self._groups.get(key)
        if group is not None:
            group.add(entry, fault)
        elif len(self._groups) < MOST_GROUPS:
            self._groups[key] = _Group(place, queue, fault, entry)
        else:
            self._left_out += 1

    def result(self, spread: Spread, queues: int, problems: tuple[Problem, ...]) -> Misfits:
        groups = (group.misfit() for group in self._groups.values())
        return Misfits(
            groups=tuple(sorted(groups, key=_in_order)),
            count=self._counts[False],
            dead=self._counts[True],
            left_out=self._left_out,
            looked_at=self._looked_at,
            total=spread.total,
            too_long=self._too_long,
            is_whole=spread.is_whole and not self._too_long,
            queues=queues,
            problems=problems,
        )


class _Group:
    """Counts one group, and remembers the first of its jobs."""

    def __init__(self, place: SeenSet, queue: str, fault: Fault, first: Entry) -> None:
        self._place, self._queue = place, queue
        self._fault, self._first = fault, first
        self._count = 1

    def add(self, entry: Entry, fault: Fault) -> None:
        self._count += 1
        if entry.score < self._first.score:
            self._first, self._fault = entry, fault

    def misfit(self) -> Misfit:
        return Misfit(
            kind=self._fault.kind,
            job_class=self._fault.job_class,
            queue=self._queue,
            place=self._place,
            count=self._count,
            first_id=self._first.job_id,
            reason=self._fault.reason,
            remedy=self._fault.remedy,
        )


def _in_order(misfit: Misfit) -> tuple[Any, ...]:
    kind = FAULT_KINDS.index(misfit.kind)
    return misfit.is_dead, kind, misfit.job_class, misfit.reason, misfit.queue, misfit.place
