"""Plays one run of a collected job, as a worker would have it.

`drain` and `run_next` are two ways to play. What becomes of a run is decided by the same code as in
a worker, and kept in memory.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from jobs import returns
from jobs.conf import get_settings
from jobs.ending import Ending
from jobs.errors import TimeLimitExceeded
from jobs.events import JobDying, JobFailing, emit
from jobs.job import Job
from jobs.payload import Payload, decode
from jobs.progress import Progress
from jobs.run import job_of, run_job
from jobs.testing import endings
from jobs.testing.fake_job import FakeJob
from jobs.testing.fake_queue import FakeQueue
from jobs.testing.modes import collection, is_of
from jobs.worker.outcome import Outcome, after_error, original, without_failure

#: Who ran a job, in the errors that are kept.
WORKER = "a test"
#: What a job raises is its outcome. Left out are Ctrl-C, and what ends the test in the job.
_OUTCOMES = (Exception, TimeLimitExceeded, SystemExit, asyncio.CancelledError)
#: Decides what becomes of a job: from its error, None if it went well, and from its result.
Judge = Callable[[Job, Payload, BaseException | None, Any], Outcome]


@dataclass(frozen=True, slots=True)
class Run:
    """How one run of a collected job has ended.

    `ending` is done, retried, dead, discarded (has failed for the last time, and its class has
    `dead = False`), pointless (it raised Discard), expired or snoozed. `error` is what the job
    raised. `retry_in` is the wait before the next run. `progress` is the last that it told.
    """

    payload: Payload
    ending: str
    error: BaseException | None = None
    retry_in: timedelta | None = None
    progress: Progress | None = None

    @property
    def attempt(self) -> int:
        """The number of this attempt, as `self.attempt` was in it."""
        return self.payload.attempt


def run_next(job_class: type[Job] | None = None) -> Run | None:
    """Run the next job that is due, and tell how that ended.

    It is one of a class or of all. One that fails is tried again later, as by a worker: see
    `Run.retry_in`, and let the time pass with `pass_time`. Errors of the job are in `Run.error`,
    and are not raised. Error and death handlers are told. Return None where nothing is due.
    """
    queue = collection()
    taken = queue.take(lambda job: job.is_due and is_of(job_class, job.payload))
    if taken is None:
        return None
    return Play(queue, taken).go(as_worker)


class Play:
    """One run of a job that was taken.

    `passes`: of the wait before the next run all has passed already.
    """

    def __init__(self, queue: FakeQueue, taken: FakeJob, *, passes: bool = False) -> None:
        """Take the queue that the job comes from and may go back to."""
        self._queue = queue
        self._taken = taken
        self._passes = passes
        self._payload = taken.as_now()
        self._is_over = False

    def go(self, judge: Judge) -> Run:
        """Run the job, and do with it what the judge decides.

        Whatever goes wrong here, the job is gone.
        """
        try:
            return self._go(judge)
        finally:
            if not self._is_over:
                self._queue.ended(self._taken, is_dead=True)

    def _go(self, judge: Judge) -> Run:
        seen = decode(self._payload.encode())  # the job may change its arguments
        job = job_of(seen)
        _check_thread(job)
        error: BaseException | None = None
        result: Any = None
        try:
            result = run_job(job, seen)
        except _OUTCOMES as raised:
            error = raised
        outcome = judge(job, self._payload, error, result)
        run = self._run(outcome, error)
        try:
            if error is not None:
                _tell(job, outcome, error)
        finally:
            self._record(outcome, job, error)
        return run

    def _run(self, outcome: Outcome, error: BaseException | None) -> Run:
        waits = outcome.ending.rule.destination == "retry"
        return Run(
            self._payload,
            outcome.ending.name.lower(),
            None if error is None else original(error),
            timedelta(seconds=_delay(outcome)) if waits else None,
            endings.progress_of(self._payload.id),
        )

    def _record(self, outcome: Outcome, job: Job, error: BaseException | None) -> None:
        """Put the job where it belongs after this run."""
        self._is_over = True
        destination = outcome.ending.rule.destination
        if destination in {"retry", "ready"}:
            delay = _delay(outcome)
            passed = delay if self._passes and outcome.ending is Ending.RETRIED else 0.0
            self._queue.put_back(self._taken, outcome.payload, delay, passed=passed)
            return
        self._queue.ended(self._taken, is_dead=destination == "dead")
        if destination == "dead":
            endings.died(outcome.payload)
        elif destination == "discard":
            endings.keep(job.record_of_discard(outcome.payload, error))
        elif outcome.keep_seconds:
            endings.keep(returns.Kept(outcome.payload, outcome.keep_seconds))


def as_worker(job: Job, payload: Payload, error: BaseException | None, result: Any) -> Outcome:
    """Return what a worker would decide."""
    options = job.options
    if error is None:
        if not returns.are_wanted(options):
            return Outcome(Ending.DONE, payload)
        kept = returns.kept(payload, options, result)
        return Outcome(Ending.DONE, kept.payload, keep_seconds=kept.seconds)
    if options.max_retries is None:
        options = replace(options, max_retries=get_settings().max_retries)
    return without_failure(payload, error) or after_error(
        payload, options, error, WORKER, job.retry_in
    )


def _check_thread(job: Job) -> None:
    """Raise AssertionError for a coroutine where this thread has an event loop already."""
    if not job.is_async:
        return
    with suppress(RuntimeError):  # there is none
        asyncio.get_running_loop()
        raise AssertionError(
            f"{type(job).__name__} is a coroutine, and this thread runs an event loop. In an async "
            "test, let another thread play jobs: await sync_to_async(drain)()."
        )


def _tell(job: Job, outcome: Outcome, error: BaseException) -> None:
    """Tell the job and the handlers of a failure.

    What the job raises here is a fault of its own, and not hidden.
    """
    rule = outcome.ending.rule
    if rule.is_failure:
        emit(JobFailing(outcome.payload, job, outcome.ending, error))
    if rule.is_last:
        job.on_exhausted(original(error))
        emit(JobDying(outcome.payload, job, outcome.ending, error))


def _delay(outcome: Outcome) -> float:
    """Return the wait before the next run, in whole milliseconds as Redis has it."""
    return round(outcome.delay_seconds, 3)
