"""Assertions about collected jobs, with messages that show what was collected instead."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from jobs.job import Job
from jobs.moment import moment
from jobs.options import check_run_after
from jobs.payload import Payload
from jobs.testing.modes import enqueued_jobs

#: Seconds by which the time of a job may differ from the one that is asserted.
TOLERANCE = 1.0


def assert_enqueued(
    job_class: type[Job],
    *,
    args: Sequence[Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    queue: str | None = None,
    run_after: datetime | timedelta | None = None,
    count: int | None = None,
) -> list[Payload]:
    """Assert that a job of this class was enqueued, and return all that match.

    `args`, `kwargs`, `queue` and `run_after` are compared if they are given. `run_after` is what
    `using()` takes, an aware datetime or a timedelta from the enqueue, and may be a second off.
    `timedelta(0)` is a job for now. `count` is the exact number of jobs that must match; without it
    one is enough. Raise InvalidArguments for a `run_after` that no job can have.
    """
    args = None if args is None else list(args)
    if run_after is not None:
        check_run_after(run_after, "assert_enqueued()")
    given = {"args": args, "kwargs": kwargs, "queue": queue, "run_after": run_after}
    wanted = {name: value for name, value in given.items() if value is not None}
    found = [payload for payload in enqueued_jobs(job_class) if _has(payload, wanted)]
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


def _has(payload: Payload, wanted: Mapping[str, Any]) -> bool:
    return all(
        _is_for(payload, value) if name == "run_after" else getattr(payload, name) == value
        for name, value in wanted.items()
    )


def _is_for(payload: Payload, run_after: datetime | timedelta) -> bool:
    """Tell whether a job is due at this time, to the second."""
    enqueued_at = payload.enqueued_at
    due = enqueued_at if payload.run_after is None else payload.run_after
    if isinstance(run_after, timedelta):
        return abs(due - enqueued_at - run_after.total_seconds()) < TOLERANCE
    return abs(due - run_after.timestamp()) < TOLERANCE


def _collected() -> str:
    jobs = enqueued_jobs()
    if not jobs:
        return "Nothing is enqueued."
    return "\n".join(["Enqueued:", *(f"  {_shown(payload)}" for payload in jobs)])


def _shown(payload: Payload) -> str:
    line = f"{payload.job_class} args={payload.args} kwargs={payload.kwargs} queue={payload.queue}"
    if payload.run_after is None:
        return line
    due = timedelta(seconds=round(payload.run_after - payload.enqueued_at))
    return f"{line} run_after={moment(payload.run_after).isoformat()} ({due} after the enqueue)"
