"""The modes of a test: `fake` collects jobs, `inline` runs them as they are enqueued, `real` pushes them to Redis.

In each mode arguments are checked and go through JSON, and the configured middleware takes part.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, get_args

from jobs.errors import Discard, Snooze
from jobs.job import Job
from jobs.payload import Payload, decode
from jobs.registry import registry
from jobs.run import run_payload
from jobs.sink import RedisSink, Sink, switch
from jobs.store import NewJob
from jobs.testing.fake_queue import FakeQueue

Mode = Literal["fake", "inline", "real"]


class InlineSink:
    """Runs jobs as they are enqueued, without waiting for a commit that a TestCase never makes. Errors are raised."""

    def send(self, jobs: list[tuple[str, NewJob]], *, after_commit: bool) -> None:
        """Run the jobs."""
        for _, job in jobs:
            _run(decode(job.payload))


@contextmanager
def mode(name: Mode) -> Iterator[None]:
    """Use a mode inside the `with` block; jobs collected before stay collected after it."""
    if name not in get_args(Mode):
        raise ValueError(f"The modes are fake, inline and real, not {name!r}.")
    sinks: dict[str, Callable[[], Sink]] = {"fake": FakeQueue, "inline": InlineSink, "real": RedisSink}
    before, switch.current = switch.current, sinks[name]()
    try:
        yield
    finally:
        switch.current = before


def enqueued_jobs(job_class: type[Job] | None = None) -> list[Payload]:
    """Return the payloads of the jobs that are collected (fake mode), of one class or of all, the oldest first."""
    return [payload for payload in _queue().payloads() if _is_of(job_class, payload)]


def drain(job_class: type[Job] | None = None) -> int:
    """Run the collected jobs (fake mode), of one class or of all, until none is left; return how many ran.

    Jobs that these enqueue are run too, scheduled ones at once. The first error is raised; its job is gone then and
    the others stay.
    """
    ran = 0
    for payload in _queue().take(lambda payload: _is_of(job_class, payload)):
        _run(payload)
        ran += 1
    return ran


def clear() -> None:
    """Forget the collected jobs (fake mode)."""
    _queue().clear()


def _queue() -> FakeQueue:
    if not isinstance(switch.current, FakeQueue):
        raise AssertionError("Jobs are collected in fake mode only: use jobs.testing.mode('fake').")  # noqa: TRY004
    return switch.current


def _is_of(job_class: type[Job] | None, payload: Payload) -> bool:
    return job_class is None or payload.job_class == registry.name_of(job_class)


def _run(payload: Payload) -> None:
    try:
        run_payload(payload)
    except (Snooze, Discard):
        return  # a worker would take it for what it is: no failure
