"""Runs the jobs that a test collected, in the test's own thread."""

from collections.abc import Callable
from typing import Any

from jobs.ending import Ending
from jobs.job import Job
from jobs.payload import Payload
from jobs.testing import endings
from jobs.testing.fake_job import FakeJob
from jobs.testing.modes import collection, is_of
from jobs.testing.playing import WORKER, Play, as_worker
from jobs.worker.outcome import Outcome, describe, original, without_failure

#: Most runs of one `drain`. More of them come from a job that enqueues itself.
MOST_RUNS = 10_000


def drain(
    job_class: type[Job] | None = None, *, scheduled: bool = False, retries: bool = False
) -> int:
    """Run the collected jobs that are due, until none is left.

    They are those of one class or of all, and what they enqueue runs too. Return how many
    runs that took. The highest priority comes first, then who was due first. Those that are
    scheduled for later wait: let the time pass with `pass_time`, or let them run now with
    `scheduled=True`. A job that raises Snooze is scheduled again, and waits for the next
    drain.

    The first error is raised: its job is gone then, and the others stay. With
    `retries=True` a job that fails runs again instead, without a pause, until it has no
    retry left. Then `on_exhausted` is called, and its last error is raised. Error and
    death handlers are told as by a worker.
    Raise AssertionError after 10,000 runs, outside of fake mode, and where a job waits for
    a transaction that is still open.
    """
    return drain_those(
        lambda job: (scheduled or job.is_due) and is_of(job_class, job.payload), retries=retries
    )


def drain_those(is_wanted: Callable[[FakeJob], bool], *, retries: bool = False) -> int:
    """Run the collected jobs that are wanted, and return how many runs that took."""
    queue = collection()
    snoozed: set[str] = set()
    runs = 0

    def is_left(job: FakeJob) -> bool:
        return job.payload.id not in snoozed and is_wanted(job)

    while taken := queue.take(is_left):
        runs += 1
        _check_number(runs, taken.payload)
        play = Play(queue, taken, passes=retries)
        run = play.go(as_worker if retries else _until_the_first_error)
        if run.ending == "snoozed":
            snoozed.add(taken.payload.id)
        if run.error is not None and Ending[run.ending.upper()].rule.is_last:
            raise run.error
    _check_commits([job for job in queue.jobs() if job.awaits_commit and is_left(job)])
    return runs


def _check_commits(waiting: list[FakeJob]) -> None:
    """Raise AssertionError where jobs are left that no worker would have yet."""
    if waiting:
        number = "1 job waits" if len(waiting) == 1 else f"{len(waiting):,} jobs wait"
        raise AssertionError(
            f"{number} for the commit of a transaction that is open here, the first is "
            f"{waiting[0].payload.job_class}. Drain after the transaction."
        )


def _check_number(runs: int, payload: Payload) -> None:
    if runs > MOST_RUNS:
        raise AssertionError(
            f"drain() ran {MOST_RUNS:,} jobs, and there is still {payload.job_class}. Does a job "
            "enqueue itself? Play its runs one by one with run_next(), or let it wait for a time "
            "and leave what is not due: drain() without scheduled=True."
        )


def _until_the_first_error(
    job: Job, payload: Payload, error: BaseException | None, result: Any
) -> Outcome:
    """Return what a worker would decide, but raise what is a failure."""
    if error is None or without_failure(payload, error):
        return as_worker(job, payload, error, result)
    endings.died(payload.changed(errors=[*payload.errors, describe(error, WORKER)]))
    raise original(error)
