"""Changes single jobs that wait: retry, kill, delete, reschedule, and run a copy again."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, cast

from jobs.enqueue import EnqueuedJob, changes_of
from jobs.errors import UnknownJob
from jobs.inspect.reader import get_reader
from jobs.inspect.record import JobRecord
from jobs.store.reader import SetName
from jobs.store.store import Destination

#: Jobs that one script moves: Redis is busy for a millisecond or so.
PORTION = 250
#: The sets from which each change may take a job.
RETRYABLE: frozenset[SetName] = frozenset({"scheduled", "retry", "dead"})
KILLABLE: frozenset[SetName] = frozenset({"ready", "scheduled", "retry"})
DELETABLE: frozenset[SetName] = frozenset({"ready", "scheduled", "retry", "dead", "done"})
RESCHEDULABLE: frozenset[SetName] = frozenset({"scheduled", "retry"})


def retry(jobs: Iterable[JobRecord]) -> int:
    """Make jobs ready now that are scheduled, wait for a retry, or are dead; return how many.

    Like all changes here it leaves alone a job that is elsewhere by now. A round trip for each 500 jobs of one set and
    queue, O(k log n).
    """
    return _move(jobs, RETRYABLE, "ready")


def kill(jobs: Iterable[JobRecord]) -> int:
    """Move jobs that wait to the dead set, from which they can be retried; return how many."""
    return _move(jobs, KILLABLE, "dead")


def delete(jobs: Iterable[JobRecord]) -> int:
    """Delete jobs that wait, are dead or done, for good; return how many."""
    return _move(jobs, DELETABLE, "delete")


def reschedule(jobs: Iterable[JobRecord], at: datetime) -> int:
    """Give jobs that are scheduled or wait for a retry a new time; return how many."""
    return _move(jobs, RESCHEDULABLE, "scheduled", at)


def run_again(job: JobRecord, args: Sequence[Any] | None = None, kwargs: dict[str, Any] | None = None) -> EnqueuedJob:
    """Enqueue a copy with a new id, of the same class, queue and options, and return it; the job itself stays.

    Without `args` and `kwargs` it has the same arguments. Raise UnknownJob or InvalidArguments.
    """
    if job.known_class is None:
        raise UnknownJob(job.job_class)
    changes = changes_of(job.payload) | {"queue": job.queue, "priority": job.payload.priority}
    configured = job.known_class.using(**changes)
    return configured.enqueue(
        *(job.payload.args if args is None else args), **(job.payload.kwargs if kwargs is None else kwargs)
    )


def move_ids(queue: str, source: SetName, destination: Destination, ids: Sequence[str], at: datetime | None) -> int:
    """Move jobs by their ids, in portions; return how many were there."""
    store, due_at = get_reader().store, at.timestamp() if at else 0.0
    portions = (ids[n : n + PORTION] for n in range(0, len(ids), PORTION))
    return sum(store.move(queue, source, destination, portion, due_at) for portion in portions)


def _move(
    jobs: Iterable[JobRecord], sources: frozenset[SetName], destination: Destination, at: datetime | None = None
) -> int:
    movable = sorted((job for job in jobs if job.place in sources), key=_set_of)
    moved = 0
    for (queue, source), group in groupby(movable, key=_set_of):
        moved += move_ids(queue, source, destination, [job.id for job in group], at)
    return moved


def _set_of(job: JobRecord) -> tuple[str, SetName]:
    return job.queue, cast(SetName, job.place)  # the caller has seen to it
