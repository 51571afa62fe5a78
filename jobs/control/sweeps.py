"""Changes all jobs that match a filter, in portions on the server, however many there are.

A sweep walks each set from its high end by rank. What workers take away at the low end, and what is added anywhere, can
so make it look at a job twice but never pass one over; and it ends, at the latest, when its time is up.
"""

import time
from dataclasses import dataclass
from datetime import datetime

from jobs.control.jobs import DELETABLE, KILLABLE, RESCHEDULABLE, RETRYABLE, move_ids
from jobs.inspect.filter import Filter
from jobs.inspect.queues import queue_names
from jobs.inspect.reader import get_reader
from jobs.inspect.record import record_of_entry
from jobs.store.job_reader import Entry, JobReader, Portion, Ranks
from jobs.store.reader import SetName
from jobs.store.store import Destination

#: Jobs that one round trip looks through; few enough that Redis is never busy for long.
PORTION = 500
#: How long a sweep goes on, in seconds: a web request must end.
PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep did. It `is_finished` unless its time was up; then the same call goes on where it stopped."""

    changed: int
    searched: int
    is_finished: bool


def retry_all(name: SetName, jobs: Filter, *, seconds: float = PATIENCE) -> Sweep:
    """Make all jobs of a set that match ready now.

    Two or three round trips for each 500 jobs, each of which keeps Redis busy for a millisecond or two; O(n log n).
    Raise ValueError for a set that this cannot be done to, as all sweeps do.
    """
    return _sweep(_checked(name, RETRYABLE), jobs, "ready", seconds)


def kill_all(name: SetName, jobs: Filter, *, seconds: float = PATIENCE) -> Sweep:
    """Move all jobs of a set that match to the dead set. See `retry_all`."""
    return _sweep(_checked(name, KILLABLE), jobs, "dead", seconds)


def delete_all(name: SetName, jobs: Filter, *, seconds: float = PATIENCE) -> Sweep:
    """Delete all jobs of a set that match, for good. See `retry_all`."""
    return _sweep(_checked(name, DELETABLE), jobs, "delete", seconds)


def reschedule_all(name: SetName, jobs: Filter, at: datetime, *, seconds: float = PATIENCE) -> Sweep:
    """Give all jobs of a set that match a new time. See `retry_all`."""
    return _sweep(_checked(name, RESCHEDULABLE), jobs, "scheduled", seconds, at)


def _checked(name: SetName, allowed: frozenset[SetName]) -> SetName:
    if name not in allowed:
        raise ValueError(f"This cannot be done to jobs that are {name}, only to those that are {', '.join(allowed)}.")
    return name


def _sweep(name: SetName, jobs: Filter, destination: Destination, seconds: float, at: datetime | None = None) -> Sweep:
    deadline = time.monotonic() + seconds
    changed = searched = 0
    for queue in [jobs.queue] if jobs.queue else queue_names():
        walk = _QueueSweep(queue, name, jobs, at)
        while portion := walk.look():
            ids = walk.pass_on(portion)
            changed += move_ids(queue, name, destination, ids, at)
            searched += portion.looked_at
            if time.monotonic() >= deadline and not walk.is_over:
                return Sweep(changed, searched, is_finished=False)
    return Sweep(changed, searched, is_finished=True)


class _QueueSweep:
    """The place in one set of one queue; `at` is the new time of jobs that stay in the set, else None."""

    def __init__(self, queue: str, name: SetName, jobs: Filter, at: datetime | None) -> None:
        self._reader = JobReader(get_reader())
        self._queue, self._name, self._filter = queue, name, jobs
        self._reads = jobs.needs_payload(name)
        self._new_score = round(at.timestamp() * 1000) if at else None
        whole = self._reader.sizes([queue], name, ("-inf", "+inf"))[queue][1]
        below, self._left = self._reader.sizes([queue], name, jobs.bounds(name))[queue]
        self._rank = max(0, whole - below - self._left)
        self.is_over = self._left <= 0

    def look(self) -> Portion | None:
        """Return the next portion, None at the end."""
        if self.is_over:
            return None
        ranks = Ranks(self._queue, self._name, self._rank, self._rank + min(PORTION, self._left) - 1, is_reversed=True)
        return self._reader.portion(ranks, self._filter.texts, with_payloads=self._reads)

    def pass_on(self, portion: Portion) -> list[str]:
        """Return the ids that are to be moved now, and go on behind those that will stay above this place."""
        found = [entry for entry in portion.entries if self._matches(entry)]
        moving = [entry for entry in found if entry.score != self._new_score]
        leaving = [entry for entry in moving if self._new_score is None or entry.score > self._new_score]
        self._rank += portion.looked_at - len(leaving)
        self._left -= portion.looked_at - (len(found) - len(moving))  # those were seen before, at their old time
        self.is_over = portion.is_end or not portion.looked_at or self._left <= 0
        return [entry.job_id for entry in moving]

    def _matches(self, entry: Entry) -> bool:
        return not self._reads or self._filter.matches(record_of_entry(self._queue, self._name, entry))
