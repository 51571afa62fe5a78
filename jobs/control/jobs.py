"""Changes single jobs that wait: retry, kill, delete, reschedule, and run a copy again."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, cast

from jobs import returns
from jobs.claims import claimed_by
from jobs.enqueue import ConfiguredJob, EnqueuedJob, changes_of
from jobs.errors import DuplicateJob, InvalidJob, UnknownJob
from jobs.inspect.reader import get_reader
from jobs.inspect.record import JobRecord
from jobs.options import check_moment
from jobs.protection import opened
from jobs.store.questions import refusals_explained
from jobs.store.reader import SetName
from jobs.store.sets import Destination

#: Most jobs that one call of a script moves. Redis is busy with them for about two milliseconds.
PORTION = 100
#: The sets from which each change may take a job.
RETRYABLE: frozenset[SetName] = frozenset({"scheduled", "retry", "dead"})
KILLABLE: frozenset[SetName] = frozenset({"ready", "scheduled", "retry"})
DELETABLE: frozenset[SetName] = frozenset({"ready", "scheduled", "retry", "dead", "done"})
RESCHEDULABLE: frozenset[SetName] = frozenset({"scheduled", "retry"})


def retry(jobs: Iterable[JobRecord], barred: list[str] | None = None) -> int:
    """Make jobs ready now, and return how many.

    They may be scheduled, wait for a retry, or be dead. A dead job stays while another
    holds its unique key; the ids of these are added to `barred`. Like all changes here it leaves
    alone a job that is elsewhere by now. It costs one round trip for each 250 jobs of
    one set and queue, O(k log n).
    """
    return _move(jobs, RETRYABLE, "ready", barred=barred)


def kill(jobs: Iterable[JobRecord]) -> int:
    """Move jobs that wait to the dead set, and return how many.

    From there they can be retried.
    """
    return _move(jobs, KILLABLE, "dead")


def delete(jobs: Iterable[JobRecord]) -> int:
    """Delete jobs for good, and return how many.

    They may wait, be dead or be done.
    """
    return _move(jobs, DELETABLE, "delete")


def reschedule(jobs: Iterable[JobRecord], at: datetime) -> int:
    """Give jobs a new time, and return how many.

    They may be scheduled or wait for a retry. Raise InvalidArguments for a time before
    1970, or more than 100 years from now.
    """
    return _move(jobs, RESCHEDULABLE, "scheduled", check_moment(at, "at"))


def run_again(
    job: JobRecord, args: Sequence[Any] | None = None, kwargs: dict[str, Any] | None = None
) -> EnqueuedJob:
    """Enqueue a copy of a job under a new id, and return it.

    The copy has the same class, queue and options, and without `args` and `kwargs` the
    same arguments. The job itself stays. If the class is unique, and another job has the
    place of the copy, the other is returned. Raise UnknownJob, InvalidArguments, QueueFull,
    or InvalidJob for options that its class no longer has.
    """
    configured = _configured_as(job)
    own = opened(job.payload)
    if args is None:
        args = own.args
    if kwargs is None:
        kwargs = own.kwargs
    try:
        return configured.enqueue(*args, **kwargs)
    except DuplicateJob as error:
        keeps_result = returns.are_wanted(configured.options)
        return EnqueuedJob(error.job_id, job.queue, is_duplicate=True, keeps_result=keeps_result)


def check_copy(job: JobRecord, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Raise what `run_again` would raise for these arguments, and enqueue nothing.

    What a middleware thinks of the copy shows only when it is enqueued.
    """
    _configured_as(job).check(args, kwargs)


def _configured_as(job: JobRecord) -> ConfiguredJob:
    if not job.is_trusted:  # a copy would be signed
        raise InvalidJob(f"No copy is made of job {job.id}: {job.fault}.")
    if job.known_class is None:
        raise UnknownJob(job.job_class)
    try:
        changes = changes_of(job.payload)
    except (ArithmeticError, TypeError, ValueError) as error:  # written by something else
        raise InvalidJob(
            f"The options of job {job.id} cannot be read: {error}. Enqueue a new job instead."
        ) from error
    changes |= {"priority": job.payload.priority}
    if claimed_by(job.known_class.options) is None:  # a unique job stays in the queue of its class
        changes |= {"queue": job.queue}
    return job.known_class.using(**changes)


def move_ids(
    queue: str,
    source: SetName,
    destination: Destination,
    ids: Sequence[str],
    at: datetime | None,
    barred: list[str] | None = None,
) -> int:
    """Move jobs by their ids, and return how many were there.

    The ids of those that stay, as another job holds their unique key, are added to `barred`.

    One call of the script moves at most `PORTION` of them.
    """
    sets = get_reader().store.sets
    due_at = at.timestamp() if at else 0.0
    moved = 0
    with refusals_explained():
        for first in range(0, len(ids), PORTION):
            portion = ids[first : first + PORTION]
            moved += sets.move(queue, source, destination, portion, due_at, barred)
    return moved


def _move(
    jobs: Iterable[JobRecord],
    sources: frozenset[SetName],
    destination: Destination,
    at: datetime | None = None,
    barred: list[str] | None = None,
) -> int:
    movable = [job for job in jobs if job.place in sources]
    movable.sort(key=_set_of)
    moved = 0
    for (queue, source), group in groupby(movable, key=_set_of):
        ids = [job.id for job in group]
        moved += move_ids(queue, source, destination, ids, at, barred)
    return moved


def _set_of(job: JobRecord) -> tuple[str, SetName]:
    return job.queue, cast(SetName, job.place)  # the caller has seen to it
