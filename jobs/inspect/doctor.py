"""The doctor: checks that every job is in exactly one place, and puts back those that are not.

The invariant: every id in `payloads` is in exactly one of ready, scheduled, retry, dead, done, running, a running one
under a worker that has a lease; and nothing else is anywhere. It holds at every moment, so the check may run under
live traffic: Redis judges each portion in one atomic step, and only what is broken there twice is called broken.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from jobs.inspect.queues import queue_names
from jobs.inspect.reader import get_reader
from jobs.store.reader import PLACES, Reader


@dataclass(frozen=True, slots=True)
class Stray:
    """A job that is not in exactly one place; `found` says where it is."""

    queue: str
    job_id: str
    found: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was looked at, what is broken now, and what was broken and is repaired."""

    queues: tuple[str, ...]
    jobs: int
    strays: tuple[Stray, ...]
    repaired: tuple[Stray, ...]


def check_invariant(*, repair: bool = False, reader: Reader | None = None) -> Diagnosis:
    """Look at every job of every queue; with `repair`, put strays back where they belong.

    Two round trips for each 500 jobs, and for each 500 entries of a set: O(n log n) in all, O(log n) at a time.
    """
    reader = reader or get_reader()
    names = queue_names(reader)
    jobs, strays, repaired = 0, set[Stray](), set[Stray]()
    for queue in names:
        for place in PLACES:
            for ids in reader.ids(queue, place):
                jobs += len(ids) if place == "payloads" else 0
                found, left = _examine(reader, queue, ids, repair=repair)
                strays |= left
                repaired |= found - left
    return Diagnosis(tuple(names), jobs, _in_order(strays), _in_order(repaired))


def _examine(reader: Reader, queue: str, ids: Sequence[str], *, repair: bool) -> tuple[set[Stray], set[Stray]]:
    """Return the strays among these jobs: those that were found, and those that are left."""
    found = _audit(reader, queue, _audit(reader, queue, ids), repair=repair)
    return set(found.values()), set(_audit(reader, queue, found).values() if repair else found.values())


def _audit(reader: Reader, queue: str, ids: Collection[str], *, repair: bool = False) -> dict[str, Stray]:
    found = reader.store.audit(queue, list(ids), repair=repair) if ids else []
    return {job_id: Stray(queue, job_id, where) for job_id, where in found}


def _in_order(strays: Iterable[Stray]) -> tuple[Stray, ...]:
    return tuple(sorted(strays, key=lambda stray: (stray.queue, stray.job_id)))
