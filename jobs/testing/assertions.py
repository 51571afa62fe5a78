"""Assertions about collected jobs, with messages that show what was collected instead."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from jobs.claims import unique_key
from jobs.errors import InvalidArguments
from jobs.job import Job
from jobs.moment import moment
from jobs.options import check_run_after
from jobs.payload import Payload
from jobs.protection import guarded_key
from jobs.testing.fake_job import FakeJob
from jobs.testing.modes import collection, enqueued_jobs, is_of

#: Seconds by which the time of a job may differ from the one that is asserted.
TOLERANCE = 1.0


def assert_enqueued(  # noqa: PLR0913  # each is one thing to compare
    job_class: type[Job],
    *,
    args: Sequence[Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    queue: str | None = None,
    run_after: datetime | timedelta | None = None,
    at: datetime | None = None,
    unique: bool | str | None = None,
    count: int | None = None,
) -> list[Payload]:
    """Assert that a job of this class was enqueued, and return all that match.

    What is given is compared. `run_after` is what `using()` takes, an aware datetime or a timedelta
    from the enqueue, and `at` is the moment for which the job was asked. Both may be a second off,
    and `timedelta(0)` is a job for now. `unique` tells whether the job has a unique key, or is the
    text that was chosen with `using(key=…)`. `count` is the exact number of jobs that must match;
    without it one is enough. Raise InvalidArguments for a time that no job can have.
    """
    wanted = {
        "args": None if args is None else list(args),
        "kwargs": kwargs,
        "queue": queue,
        "run_after": run_after,
        "at": at,
        "unique": unique,
    }
    wanted = {name: value for name, value in wanted.items() if value is not None}
    _check_times(run_after, at)
    there = [job for job in collection().jobs() if is_of(job_class, job.payload)]
    found = [job.payload for job in there if _has(job, wanted)]
    is_right = bool(found) if count is None else len(found) == count
    if not is_right:
        what = ", ".join(f"{name}={value!r}" for name, value in wanted.items())
        number = "at least one" if count is None else str(count)
        raise AssertionError(
            f"Expected {number} {job_class.__name__}({what}), found {len(found)}. {_collected()}"
        )
    return found


def assert_nothing_enqueued(job_class: type[Job] | None = None) -> None:
    """Assert that no job, or none of this class, was enqueued."""
    if enqueued_jobs(job_class):
        what = job_class.__name__ if job_class else "job"
        raise AssertionError(f"Expected no {what}. {_collected()}")


def _check_times(run_after: object, at: object) -> None:
    if run_after is not None:
        check_run_after(run_after, "assert_enqueued()")
    if at is None:
        return
    if not isinstance(at, datetime):
        raise InvalidArguments(
            "assert_enqueued(): at must be an aware datetime; a timedelta is a run_after."
        )
    check_run_after(at, "assert_enqueued()")


def _has(job: FakeJob, wanted: Mapping[str, Any]) -> bool:
    return all(_COMPARED[name](job, value) for name, value in wanted.items())


def _is_for(job: FakeJob, run_after: datetime | timedelta) -> bool:
    """Tell whether a job was asked for this time, to the second."""
    if isinstance(run_after, timedelta):
        return abs(job.due - job.since - run_after.total_seconds()) < TOLERANCE
    return abs(job.due - run_after.timestamp()) < TOLERANCE


def _is_unique(job: FakeJob, wanted: bool | str) -> bool:  # noqa: FBT001  # what the test gave
    """Tell whether a job has a unique key or none, or this chosen one."""
    key = job.claim.key if job.claim else ""
    if isinstance(wanted, bool):
        return bool(key) == wanted
    chosen = unique_key(job.payload.job_class, "key", wanted.encode())
    return key == (guarded_key(chosen) if job.payload.sealed else chosen)


#: How each thing that may be asserted is compared.
_COMPARED: Mapping[str, Callable[[FakeJob, Any], bool]] = {
    "args": lambda job, args: job.payload.args == args,
    "kwargs": lambda job, kwargs: job.payload.kwargs == kwargs,
    "queue": lambda job, queue: job.payload.queue == queue,
    "run_after": _is_for,
    "at": _is_for,
    "unique": _is_unique,
}


def _collected() -> str:
    jobs = collection().jobs()
    if not jobs:
        return "Nothing is enqueued."
    return "\n".join(["Enqueued:", *(f"  {_shown(job)}" for job in jobs)])


def _shown(job: FakeJob) -> str:
    payload = job.payload
    line = f"{payload.job_class} args={payload.args} kwargs={payload.kwargs} queue={payload.queue}"
    if job.claim is not None and job.claim.key:
        line += " unique=True"
    wait = timedelta(seconds=round(job.due - job.since))
    if not wait:
        return line
    return f"{line} run_after={moment(job.due).isoformat()} ({wait} after the enqueue)"
