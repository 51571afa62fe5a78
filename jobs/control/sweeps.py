"""Changes all jobs that match a filter, in portions, however many there are.

A sweep walks each set from its high end by rank. Workers take jobs away at the low end,
and jobs are added anywhere. So a sweep may look at a job twice, but it never passes one
over. It ends when its time is up, at the latest.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime

from jobs.control.jobs import DELETABLE, KILLABLE, RESCHEDULABLE, RETRYABLE, move_ids
from jobs.control.touched import Touched
from jobs.inspect.filter import Filter
from jobs.inspect.queues import chosen_queues
from jobs.inspect.reader import get_reader
from jobs.inspect.record import record_of_entry, time_of_score
from jobs.options import check_moment
from jobs.store.reader import Reader, SetName
from jobs.store.set_reader import Entry, Portion, Ranks, SetReader
from jobs.store.sets import Destination

#: Most jobs that one round trip looks through: so few that Redis is never busy for long.
PORTION = 250
#: The longest time that a sweep goes on, since a web request must end. Seconds.
PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep did.

    It `is_finished` unless its time was up. Then the same call goes on where it
    stopped. `barred` dead jobs stay, as another job holds their unique key. `touched` are
    the jobs that it moved, as they were before. Of those, one that a worker took at the
    same moment is not in `changed`.
    """

    changed: int
    searched: int
    is_finished: bool
    barred: int = 0
    touched: Touched = field(default_factory=Touched, compare=False)


def retry_all(
    name: SetName, jobs: Filter, *, seconds: float = PATIENCE, reader: Reader | None = None
) -> Sweep:
    """Make all jobs of a set that match ready now.

    It costs two or three round trips for each 500 jobs, O(n log n) in all. Each keeps
    Redis busy for a millisecond or two. A reader that sees only some queues keeps it to
    them. Like all sweeps it raises ValueError for a set to which this cannot be done.
    """
    return _sweep(_checked(name, RETRYABLE), jobs, "ready", seconds, reader=reader)


def kill_all(
    name: SetName, jobs: Filter, *, seconds: float = PATIENCE, reader: Reader | None = None
) -> Sweep:
    """Move all jobs of a set that match to the dead set.

    See `retry_all`.
    """
    return _sweep(_checked(name, KILLABLE), jobs, "dead", seconds, reader=reader)


def delete_all(
    name: SetName, jobs: Filter, *, seconds: float = PATIENCE, reader: Reader | None = None
) -> Sweep:
    """Delete all jobs of a set that match, for good.

    See `retry_all`.
    """
    return _sweep(_checked(name, DELETABLE), jobs, "delete", seconds, reader=reader)


def reschedule_all(
    name: SetName,
    jobs: Filter,
    at: datetime,
    *,
    seconds: float = PATIENCE,
    reader: Reader | None = None,
) -> Sweep:
    """Give all jobs of a set that match a new time.

    See `retry_all`.
    """
    return _sweep(
        _checked(name, RESCHEDULABLE), jobs, "scheduled", seconds, check_moment(at, "at"), reader
    )


def _checked(name: SetName, allowed: frozenset[SetName]) -> SetName:
    if name not in allowed:
        places = ", ".join(allowed)
        raise ValueError(
            f"This cannot be done to jobs that are {name}, only to those that are {places}."
        )
    return name


def _sweep(
    name: SetName,
    jobs: Filter,
    destination: Destination,
    seconds: float,
    at: datetime | None = None,
    reader: Reader | None = None,
) -> Sweep:
    reader = reader or get_reader()
    deadline = time.monotonic() + seconds
    changed = searched = stayed = 0
    touched = Touched()
    queues = chosen_queues(jobs.queue, reader)
    for queue in queues:
        walk = _QueueSweep(SetReader(reader), queue, name, jobs, at)
        while portion := walk.look():
            moving = walk.pass_on(portion)
            ids = [entry.job_id for entry in moving]
            barred: list[str] = []
            changed += move_ids(queue, name, destination, ids, at, barred)
            searched += portion.looked_at
            walk.step_over(len(barred))
            stayed += len(barred)
            for entry in moving:
                if entry.job_id in barred:
                    continue
                touched.add(entry.job_id, queue, time_of_score(name, entry.score))
            if time.monotonic() >= deadline and not walk.is_over:
                return Sweep(changed, searched, is_finished=False, barred=stayed, touched=touched)
    return Sweep(changed, searched, is_finished=True, barred=stayed, touched=touched)


class _QueueSweep:
    """A walk through one set of one queue.

    `at` is the new time of jobs that stay in the set, else None. `_rank` counts the
    jobs above the place of the walk, and `_left` those that it has not seen yet.
    """

    def __init__(
        self, reader: SetReader, queue: str, name: SetName, jobs: Filter, at: datetime | None
    ) -> None:
        self._reader = reader
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
        last = self._rank + min(PORTION, self._left) - 1
        ranks = Ranks(self._queue, self._name, self._rank, last, is_reversed=True)
        return self._reader.portion(ranks, self._filter.job_class, with_payloads=self._reads)

    def pass_on(self, portion: Portion) -> list[Entry]:
        """Return the jobs that are to be moved now, and step past this portion.

        What leaves makes room, so the jobs below come up to its ranks. The walk steps
        only past those that stay above its place. Rescheduled to a later time, a job
        goes up and stays above. To an earlier time, it goes down and is met once more,
        at its new time.
        """
        found = [entry for entry in portion.entries if self._matches(entry)]
        moving = [entry for entry in found if entry.score != self._new_score]
        leaving = [entry for entry in moving if self._goes_below(entry)]
        seen_before = len(found) - len(moving)
        self._rank += portion.looked_at - len(leaving)
        self._left -= portion.looked_at - seen_before
        self.is_over = portion.is_end or not portion.looked_at or self._left <= 0
        return moving

    def step_over(self, stayed: int) -> None:
        """Note that so many jobs were to leave, and did not."""
        self._rank += stayed

    def _goes_below(self, entry: Entry) -> bool:
        """Whether a job leaves the set, or moves to a place below its own."""
        return self._new_score is None or entry.score > self._new_score

    def _matches(self, entry: Entry) -> bool:
        if not self._reads:
            return True
        job = record_of_entry(self._queue, self._name, entry)
        return self._filter.matches(job.seen_with(self._reader.sight))
