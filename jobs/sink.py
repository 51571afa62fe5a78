"""Where new jobs go: to Redis, or to a collection of a test.

Used by `enqueue` and set by `jobs.testing`.
"""

from typing import Protocol

from jobs.bounds import Bounds, bounding
from jobs.client import get_client
from jobs.commit import (
    awaits_commit,
    has_to_wait,
    keep,
    most_waiting,
    push_after_commit,
    waiting_for,
)
from jobs.errors import QueueFull
from jobs.store import Duplicates, NewJob


class Sink(Protocol):
    """Takes jobs that are ready to be sent."""

    def send(self, jobs: list[tuple[str, NewJob]], *, after_commit: bool) -> Duplicates | None:
        """Take (queue, job) pairs, now or at the commit of the open transactions.

        Return which of those with a claim are duplicates, None if only the commit decides.
        """

    def awaits_commit(self, job_id: str) -> bool:
        """Tell whether a job comes in only with a commit of this thread."""


class RedisSink:
    """Sends jobs to Redis."""

    def send(self, jobs: list[tuple[str, NewJob]], *, after_commit: bool) -> Duplicates | None:
        """Push now, or at the commit.

        Raise StoreUnavailable, or QueueFull: now, and never once a transaction has committed.
        """
        if not after_commit:
            return get_client().push(jobs)
        is_kept = jobs[0][1].is_kept  # those that are sent together are of one class
        if (bounds := bounding.bounds()) and (is_kept or has_to_wait()):
            _check_room(jobs, bounds)
        for _, job in jobs:
            if job.claim is not None and job.claim.conflict == "raise" and has_to_wait():
                return _look_early(jobs)
        return keep(jobs) if is_kept else push_after_commit(jobs)

    def awaits_commit(self, job_id: str) -> bool:
        """Tell whether the push of a job waits for a transaction of this thread."""
        return awaits_commit(job_id)


def _look_early(jobs: list[tuple[str, NewJob]]) -> Duplicates | None:
    """Tell of taken places, and let the other jobs wait for the commit.

    It is only an early look: at the commit, the place of the others may be taken as well.
    """
    taken: Duplicates = {}
    for queue in {queue for queue, _ in jobs}:
        keys = {
            job.id: job.claim.key
            for each, job in jobs
            if each == queue and job.claim is not None and job.claim.key
        }
        holders = get_client().holders(queue, keys.values())
        taken |= {job_id: holders[key] for job_id, key in keys.items() if key in holders}
    left = [pair for pair in jobs if pair[1].id not in taken]
    if left and left[0][1].is_kept:
        keep(left)
    else:
        push_after_commit(left)
    return taken or None


def _check_room(jobs: list[tuple[str, NewJob]], bounds: Bounds) -> None:
    """Raise QueueFull where jobs that wait for a commit would not fit now.

    It is the only look. After the commit they are owed, and go in whatever is there.
    """
    for queue in {queue for queue, _ in jobs if queue in bounds}:
        limit, size = bounds[queue], get_client().size(queue)
        new = [job for each, job in jobs if each == queue]
        if size + most_waiting(queue) + len(new) <= limit:
            continue
        waiting, more = _needed(queue, waiting_for(queue), new)
        if more and size + waiting + more > limit:
            refusal = QueueFull(queue, size + waiting, limit, more)
            bounding.refused(refusal)
            raise refusal


def _needed(queue: str, waiting: list[NewJob], new: list[NewJob]) -> tuple[int, int]:
    """Return how many places waiting jobs need, and how many more the new ones.

    All jobs of one unique key need one place, and none if the key is held.
    """
    names, more = set(map(_name, waiting)), set(map(_name, new))
    holders = get_client().holders(queue, (key for key, _ in names | more if key))
    held = {(key, "") for key in holders}
    return len(names - held), len(more - names - held)


def _name(job: NewJob) -> tuple[str, str]:
    """Return what is the same in jobs of which only one goes in."""
    key = job.claim.key if job.claim is not None else ""
    return (key, "") if key else ("", job.id)


class SinkSwitch:
    """Holds the sink in use, one for the process.

    Threads of a test's server must meet the same sink as the test.
    """

    def __init__(self) -> None:
        """Start with Redis."""
        self._first: Sink = RedisSink()
        self.current: Sink = self._first

    @property
    def is_chosen(self) -> bool:
        """Whether a test has chosen the sink."""
        return self.current is not self._first


switch = SinkSwitch()
