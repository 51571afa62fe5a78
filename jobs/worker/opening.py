"""Opens a unit: decodes its payload, finds its class, makes the job.

Where that fails the job is parked: it lies in the dead set with the reason, and a person can retry
it after a deploy. One of an unknown class waits for a while first: during a rolling deploy some
workers do not know the newest classes yet.
"""

import time
from dataclasses import replace
from functools import partial

from jobs.conf import JobsSettings
from jobs.ending import Ending
from jobs.enqueue import options_of
from jobs.errors import (
    InvalidPayload,
    TimeLimitExceeded,
    UnknownJob,
    UntrustedPayload,
    WorkerCrashed,
)
from jobs.events import RetryInFailed, emit
from jobs.job import Job, Retry
from jobs.options import JobOptions
from jobs.parked import corrupt_payload, parked, untrusted_payload
from jobs.payload import JobError, Payload, decode_for
from jobs.protection import opened
from jobs.registry import registry
from jobs.worker.attempt import Run
from jobs.worker.conclusion import Conclusion
from jobs.worker.outcome import Outcome, Wish, after_cancellation, after_error, describe
from jobs.worker.stops import Stops
from jobs.worker.unit import Unit

#: How often a job of an unknown class is tried before it is parked, and the pause between. Seconds.
UNKNOWN_TRIES, UNKNOWN_PAUSE = 10, 30.0


class Opening:
    """Makes runs of units, for all threads of a process."""

    def __init__(self, conclusion: Conclusion, settings: JobsSettings, stops: Stops) -> None:
        """Take what ends a job that cannot run, and what jobs see as `self.stopping`."""
        self._conclusion = conclusion
        self._settings = settings
        self._stops = stops
        self._known: dict[str, tuple[type[Job], JobOptions]] = {}

    def run_of(self, unit: Unit) -> Run | None:
        """Return the run of a unit, None if its job has been ended instead."""
        started = time.perf_counter()
        try:
            payload = decode_for(unit.raw, unit.id, unit.queue)
        except InvalidPayload as error:
            kept = parked(unit.id, unit.queue, unit.raw, error, _in_short(error, unit))
            self.park(unit, kept, started)
            return None
        try:
            known = None if payload.options else self._known.get(payload.job_class)
            job_class, options = known or self._find(payload)
            job = job_class(payload, self._stops)
            job.taking = unit
            if payload.options:
                job.options = options
            if payload.sealed:
                payload = opened(payload)
        except BaseException as error:  # noqa: BLE001  # unknown, of options that do not fit, or its __init__ raises
            self._note_misfit(unit, payload, error, started)
            return None
        if payload.is_poison:
            self._quarantine(unit, payload, job, started)
            return None
        if payload.overrun:
            self._fail_overrun(Run(unit, payload, job, options, started, unit.raw))
            return None
        if self._stops.cancelled and self._stops.meets(unit.id, unit.number):
            # A person cancelled it while it waited in the buffer.
            outcome = after_cancellation(payload, None, unit.worker)
            self._conclusion.conclude(unit, outcome, time.perf_counter() - started, job)
            return None
        return Run(unit, payload, job, options, started, unit.raw)

    def _note_misfit(
        self, unit: Unit, payload: Payload, error: BaseException, started: float
    ) -> None:
        """Park a job that cannot be made, or wait for its class."""
        if isinstance(error, UnknownJob):
            self._await_class(unit, payload, error, started)
            return
        self._conclusion.check_process(unit, error)
        errors = [*payload.errors, _in_short(error, unit)]
        self.park(unit, payload.changed(errors=errors, is_poison=False), started)

    def _await_class(self, unit: Unit, payload: Payload, error: UnknownJob, started: float) -> None:
        """Put a job of an unknown class off, and park it in the end."""
        errors = [*payload.errors, _in_short(error, unit)]
        name = errors[-1]["class"]
        tries = next((n for n, e in enumerate(reversed(errors)) if e["class"] != name), len(errors))
        if tries >= UNKNOWN_TRIES:
            self.park(unit, payload.changed(errors=errors, is_poison=False), started)
            return
        kept = payload.changed(errors=errors)
        outcome = Outcome(Ending.UNKNOWN, kept, UNKNOWN_PAUSE, has_begun=False)
        self._conclusion.conclude(unit, outcome, time.perf_counter() - started)

    def park(self, unit: Unit, payload: Payload, started: float) -> None:
        """Put a job that cannot be run into the dead set."""
        outcome = Outcome(Ending.PARKED, payload, has_begun=False)
        self._conclusion.conclude(unit, outcome, time.perf_counter() - started)

    def park_by_fault(self, unit: Unit, error: BaseException) -> None:
        """Park a job that the library could not bring to an end.

        Raise what keeps it from being parked.
        """
        kept = describe(error, unit.worker)
        try:
            payload = decode_for(unit.raw, unit.id, unit.queue)
            payload = payload.changed(errors=[*payload.errors, kept])
            payload.encode()
        except UntrustedPayload:
            payload = untrusted_payload(unit.id, unit.queue, unit.raw, kept)
        except Exception:  # noqa: BLE001  # what cannot be read or written is shown as it is
            payload = corrupt_payload(unit.id, unit.queue, unit.raw, kept)
        self.park(unit, payload, time.perf_counter())

    def _quarantine(self, unit: Unit, payload: Payload, job: Job, started: float) -> None:
        """Put a job into the dead set that was running in too many crashes.

        If a person retries it, it runs.
        """
        last = payload.errors[-1].get("message", "") if payload.errors else ""
        error = WorkerCrashed(f"The job was running in {payload.crashes} crashes. {last}")
        changed = payload.changed(is_poison=False)
        outcome = Outcome(Ending.QUARANTINED, changed, has_begun=False)
        self._conclusion.conclude(unit, outcome, time.perf_counter() - started, job, error)

    def _fail_overrun(self, run: Run) -> None:
        """Fail a job whose last run did not end.

        Its process was ended. It fails as if that run had raised the error.
        """
        payload = run.payload.changed(overrun={})
        limit = run.options.time_limit
        error = TimeLimitExceeded(None if limit is None else limit.total_seconds())
        if stack := run.payload.overrun.get("stack"):
            error.add_note(f"Its process had to be ended. Last call first, it was at:\n{stack}")
        worker = str(run.payload.overrun.get("worker", run.unit.worker))
        ask = partial(ask_for_retry, run.job, payload)
        outcome = after_error(payload, run.options, error, worker, ask)
        outcome = replace(outcome, has_begun=False)
        elapsed = time.perf_counter() - run.started
        self._conclusion.conclude(run.unit, outcome, elapsed, run.job, error)

    def _find(self, payload: Payload) -> tuple[type[Job], JobOptions]:
        """Return the class of a job and the options of this run.

        Those of a class as it stands are made once.
        """
        job_class = registry.find(payload.job_class)
        options = options_of(job_class, payload)
        if options.max_retries is None:
            options = replace(options, max_retries=self._settings.max_retries)
        if not payload.options:
            self._known[payload.job_class] = job_class, options
        return job_class, options


def ask_for_retry(job: Job, payload: Payload, attempt: int, error: BaseException) -> Wish:
    """Return what the job's `retry_in` wants, None if that fails."""
    try:
        wish = job.retry_in(attempt, error)
        return wish if wish is None or isinstance(wish, Retry) else float(wish)
    except BaseException as raised:  # noqa: BLE001  # it is the project's code
        emit(RetryInFailed(payload, raised=raised))
        return None


def _in_short(error: BaseException, unit: Unit) -> JobError:
    """Return an error as the payload keeps it, without the traceback."""
    return describe(error, unit.worker, with_traceback=False)
