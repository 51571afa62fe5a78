"""Assertions about collected jobs, with messages that show what was collected instead."""

from collections.abc import Mapping, Sequence
from typing import Any

from jobs.job import Job
from jobs.payload import Payload
from jobs.testing.modes import enqueued_jobs


def assert_enqueued(
    job_class: type[Job],
    *,
    args: Sequence[Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    queue: str | None = None,
    count: int | None = None,
) -> list[Payload]:
    """Assert that a job of this class was enqueued, as far as the rest is given, and return all that match.

    `count` asks for exactly so many.
    """
    wanted = {"args": None if args is None else list(args), "kwargs": kwargs, "queue": queue}
    given = {name: value for name, value in wanted.items() if value is not None}
    found = [p for p in enqueued_jobs(job_class) if all(getattr(p, name) == value for name, value in given.items())]
    if not found if count is None else len(found) != count:
        what = ", ".join(f"{name}={value!r}" for name, value in given.items())
        number = "at least one" if count is None else str(count)
        raise AssertionError(f"Expected {number} {job_class.__name__}({what}), found {len(found)}. {_collected()}")
    return found


def assert_nothing_enqueued(job_class: type[Job] | None = None) -> None:
    """Assert that no job, or none of this class, was enqueued."""
    if enqueued_jobs(job_class):
        raise AssertionError(f"Expected no {job_class.__name__ if job_class else 'job'}. {_collected()}")


def _collected() -> str:
    lines = [f"  {p.job_class} args={p.args} kwargs={p.kwargs} queue={p.queue}" for p in enqueued_jobs()]
    return "\n".join(["Enqueued:", *lines]) if lines else "Nothing is enqueued."
