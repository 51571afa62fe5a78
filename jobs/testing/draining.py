"""Runs the jobs that a test collected, in the test's own thread."""

import time
from dataclasses import replace

from jobs.conf import get_settings
from jobs.ending import Ending
from jobs.errors import Discard, Snooze, TimeLimitExceeded
from jobs.events import JobDying, JobFailing, emit
from jobs.job import Job
from jobs.payload import Payload, decode
from jobs.run import job_of, run_job
from jobs.testing import endings
from jobs.testing.modes import collection, is_of
from jobs.worker.outcome import after_error, describe, original

#: Most runs of one `drain`. More of them come from a job that enqueues itself.
MOST_RUNS = 10_000


def drain(
    job_class: type[Job] | None = None, *, scheduled: bool = True, retries: bool = False
) -> int:
    """Run the collected jobs, of one class or of all, until none is left.

    Return how many runs that took. Jobs are collected in fake mode only. Jobs that
    these enqueue are run too. Scheduled ones run at once, whatever their time:
    `scheduled=False` leaves those that are not due. A job that raises Snooze is
    scheduled again, and waits for the next drain.

    The first error is raised: its job is gone then, and the others stay. With
    `retries=True` a job that fails runs again instead, without a pause, until it has no
    retry left. Then `on_exhausted` is called, and its last error is raised. Error and
    death handlers are told as by a worker.
    Raise AssertionError after 10,000 runs.
    """
    queue = collection()
    snoozed: set[str] = set()
    runs = 0

    def is_wanted(payload: Payload) -> bool:
        is_in_time = scheduled or _is_due(payload)
        return payload.id not in snoozed and is_of(job_class, payload) and is_in_time

    for payload in queue.take(is_wanted):
        runs += 1
        _check_number(runs, payload)
        try:
            again = _run(payload, retries=retries)
        except Snooze as snooze:
            snoozed.add(payload.id)
            again = [payload.changed(run_after=time.time() + snooze.seconds)]
        except BaseException:
            queue.ended(payload, is_dead=True)
            raise
        queue.ended(payload)
        queue.add(again)
    return runs


def _is_due(payload: Payload) -> bool:
    return payload.run_after is None or payload.run_after <= time.time()


def _check_number(runs: int, payload: Payload) -> None:
    if runs > MOST_RUNS:
        raise AssertionError(
            f"drain() ran {MOST_RUNS:,} jobs, and there is still {payload.job_class}. Does a job "
            "enqueue itself? Then leave those that are not due: drain(scheduled=False)."
        )


def _run(payload: Payload, *, retries: bool) -> list[Payload]:
    """Run a job, and return what is to run again.

    That is nothing, or the job that failed.
    """
    seen = decode(payload.encode())  # the job may change its arguments
    job = job_of(seen)
    try:
        result = run_job(job, seen)
    except (Snooze, Discard) as end:
        if isinstance(end, Snooze):
            raise
    except (Exception, TimeLimitExceeded) as error:  # noqa: BLE001  # whatever a job raises is a failure
        return [_failed(job, payload, error, retries=retries)]
    else:
        endings.done(payload, job.options, result)
    return []


def _failed(job: Job, payload: Payload, error: BaseException, *, retries: bool) -> Payload:
    """Return the job as it is tried again.

    Raise its error if it is not.
    """
    if not retries:
        endings.died(payload.changed(errors=[*payload.errors, describe(error, "drain")]))
        raise original(error)
    options = job.options
    if options.max_retries is None:
        options = replace(options, max_retries=get_settings().max_retries)
    outcome = after_error(payload, options, error, "drain", job.retry_in)
    emit(JobFailing(outcome.payload, job, outcome.ending, error))
    if not outcome.ending.rule.is_last:
        return _older(outcome.payload, outcome.delay_seconds)
    if outcome.ending is Ending.DEAD:
        endings.died(outcome.payload)
    job.on_exhausted(original(error))
    emit(JobDying(outcome.payload, job, outcome.ending, error))
    raise original(error)


def _older(payload: Payload, seconds: float) -> Payload:
    """Return a job as if so many seconds had passed."""
    run_after = payload.run_after
    return payload.changed(
        enqueued_at=payload.enqueued_at - seconds,
        run_after=None if run_after is None else min(run_after, time.time()) - seconds,
        errors=[{**error, "at": error["at"] - seconds} for error in payload.errors],
    )
