"""The facets of a set: which classes, queues and errors its first jobs have."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from jobs.inspect.budget import Budget
from jobs.inspect.filter import Filter
from jobs.inspect.job_sets import LATEST_FIRST
from jobs.inspect.queues import chosen_queues
from jobs.inspect.reader import get_reader
from jobs.inspect.record import record_of_entry
from jobs.store.reader import Reader, SetName
from jobs.store.set_reader import Ranks, SetReader

#: Most jobs that are counted, and most queues that they come from: those with the most jobs.
MOST_JOBS, MOST_QUEUES = 500, 50
#: The longest time that they are counted, in seconds, and the most bytes that are read.
PATIENCE, MOST_BYTES = 0.5, 2_000_000
#: Most values of one facet.
MOST_VALUES = 8

Counts = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Facets:
    """How many jobs have which class, queue and error class.

    The most frequent come first. `looked_at` of the `total` jobs were looked at: the first ones, in
    the order of the set.
    """

    classes: Counts
    queues: Counts
    errors: Counts
    looked_at: int
    total: int


def facets(name: SetName, jobs: Filter | None = None, reader: Reader | None = None) -> Facets:
    """Count the first 500 jobs of a set by class, queue and error class.

    Of a filter only the queue and the times matter. Where the payload tells the time, those of
    another time are looked at but not counted. Each queue has its share by its size. It costs
    three round trips and one for each ten queues or 500 kB of payloads, at most 2 MB.
    """
    jobs = jobs or Filter()
    of_these_times = Filter(since=jobs.since, until=jobs.until)
    reader = reader or get_reader()
    sets = SetReader(reader)
    sizes = sets.sizes(chosen_queues(jobs.queue, reader), name, jobs.bounds(name))
    total = sum(size for _, size in sizes.values())
    budget = Budget(PATIENCE, MOST_BYTES)
    counts: dict[str, Counter[str]] = {each: Counter() for each in ("class", "queue", "error")}
    looked_at = 0
    shares = _shares(sets, name, jobs, sizes)
    for ranks, entry in sets.in_turns(shares, lambda: budget.is_spent):
        if budget.is_spent:
            break
        job = record_of_entry(ranks.queue, name, entry).seen_with(reader.sight)
        looked_at += 1
        budget.spend(len(entry.payload or b""))
        if not of_these_times.matches(job):
            continue
        counts["class"][job.job_class] += 1
        counts["queue"][job.queue] += 1
        counts["error"][job.error_class] += 1
    return Facets(
        classes=_most(counts["class"]),
        queues=_most(counts["queue"]),
        errors=_most(counts["error"]),
        looked_at=looked_at,
        total=total,
    )


def _shares(
    sets: SetReader, name: SetName, jobs: Filter, sizes: dict[str, tuple[int, int]]
) -> Iterator[Ranks]:
    """Yield the ranks to look at, of the largest queues."""
    is_reversed = name in LATEST_FIRST
    filled = [queue for queue, (_, size) in sizes.items() if size]
    largest = sorted(filled, key=lambda queue: -sizes[queue][1])[:MOST_QUEUES]
    total = sum(sizes[queue][1] for queue in largest)
    wholes = sets.sizes(largest, name, ("-inf", "+inf")) if is_reversed else {}
    for queue in largest:
        below, size = sizes[queue]
        share = ceil(MOST_JOBS * size / total) if total > MOST_JOBS else size
        # Counted from the high end, what lies above comes first.
        skipped = wholes[queue][1] - below - size if is_reversed else below
        yield Ranks(queue, name, skipped, skipped + share - 1, is_reversed)


def _most(counts: Counter[str]) -> Counts:
    named = ((value, count) for value, count in counts.items() if value)
    return tuple(sorted(named, key=lambda each: (-each[1], each[0]))[:MOST_VALUES])
