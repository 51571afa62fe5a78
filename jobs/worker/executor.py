"""Runs one job: decode, find its class, middleware and `perform`, decide the outcome, record it. A method for each.

The only place that catches BaseException. Threads call `execute`; the event loop awaits the coroutines it hands over.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from asgiref.sync import sync_to_async

from jobs.conf import JobsSettings
from jobs.enqueue import options_of
from jobs.errors import Discard, InvalidPayload, JobInterrupted, WorkerCrashed
from jobs.events import emit, job_ended, job_fields, job_started
from jobs.handlers import call_safely, handle_death, handle_error
from jobs.job import Job
from jobs.middleware.chain import MiddlewareChain
from jobs.options import JobOptions
from jobs.payload import Payload, corrupt_payload, decode
from jobs.redaction import redacted_arguments
from jobs.registry import registry
from jobs.store import Store
from jobs.worker.buffer import Buffer
from jobs.worker.metrics import Recorder
from jobs.worker.outcome import (
    Ending,
    Outcome,
    after_cancellation,
    after_error,
    describe,
    is_interruption,
    original,
    without_failure,
)
from jobs.worker.stops import Stops
from jobs.worker.unit import Unit


class Run(NamedTuple):
    """One attempt at one job."""

    unit: Unit
    payload: Payload
    job: Job
    options: JobOptions
    started: float


class Executor:
    """Executes units for all threads of a process."""

    def __init__(
        self,
        store: Store,
        buffer: Buffer,
        chain: MiddlewareChain,
        settings: JobsSettings,
        recorder: Recorder,
        stops: Stops,
    ) -> None:
        """Take what a run needs; `stops` is what jobs see as `self.stopping`."""
        self._store = store
        self._buffer = buffer
        self._chain = chain
        self._settings = settings
        self._recorder = recorder
        self._stops = stops
        self._class_options: dict[type[Job], JobOptions] = {}
        self._dead_limits = (settings.dead_max_jobs, settings.dead_max_days)

    def execute(self, unit: Unit, run_async: Callable[[Run], None]) -> None:
        """Run a unit to its end in this thread; a coroutine is handed to `run_async`. Raises nothing."""
        self._guard(unit, partial(self._execute, unit, run_async))

    def _execute(self, unit: Unit, run_async: Callable[[Run], None]) -> None:
        run = self._begin(unit)
        if run is None:
            return
        if run.job.is_async:
            run_async(run)
            return
        try:
            result = self._chain.perform(run.job, partial(run.job.perform, *run.payload.args, **run.payload.kwargs))
        except BaseException as error:  # noqa: BLE001  # whatever a job raises is its outcome
            self._conclude_error(run, error)
        else:
            self._conclude(run, result)

    async def execute_async(self, run: Run) -> None:
        """Run a job whose `perform` is a coroutine to its end."""
        try:
            result = await self._chain.aperform(
                run.job, partial(run.job.perform, *run.payload.args, **run.payload.kwargs)
            )
        except BaseException as error:  # noqa: BLE001  # whatever a job raises is its outcome
            is_stop = self._stops.is_stopping(run.payload.id) and is_interruption(error, asyncio.CancelledError)
            end = partial(self._conclude_error, run, JobInterrupted() if is_stop else error)
        else:
            end = partial(self._conclude, run, result)
            if run.options.keep_result_for is None:
                self._guard(run.unit, end)  # makes no round trip, so the loop may wait for it
                return
        await sync_to_async(self._guard)(run.unit, end)

    def _guard(self, unit: Unit, step: Callable[[], None]) -> None:
        """Let nothing out, be it a fault of ours or `sys.exit()` in a hook: the thread must live, the job be seen."""
        try:
            step()
        except JobInterrupted:
            pass  # it struck after the job had ended
        except BaseException as error:  # noqa: BLE001  # see above
            emit(logging.CRITICAL, "worker.fault", {"queue": unit.queue, "id": unit.id, "error": repr(error)}, error)
            try:
                self._give_up(unit, error)
            except Exception as raised:  # noqa: BLE001  # the job stays running until this process ends
                emit(logging.CRITICAL, "worker.fault", {"id": unit.id, "error": repr(raised)}, raised)

    def _give_up(self, unit: Unit, error: BaseException) -> None:
        kept = describe(error, unit.worker)
        try:
            payload = decode(unit.raw)
            payload = payload.changed(errors=[*payload.errors, kept])
            payload.encode()
        except Exception:  # noqa: BLE001  # what cannot be read or written is shown as it is
            payload = corrupt_payload(unit.id, unit.queue, unit.raw, kept)
        self._park(unit, payload, time.perf_counter())

    # Before

    def _begin(self, unit: Unit) -> Run | None:
        """Decode the payload and find the class; park the job when that fails, with the reason."""
        started = time.perf_counter()
        try:
            payload = decode(unit.raw)
        except InvalidPayload as error:
            corrupt = corrupt_payload(unit.id, unit.queue, unit.raw, describe(error, unit.worker, with_traceback=False))
            self._park(unit, corrupt, started)
            return None
        try:
            job_class = registry.find(payload.job_class)
            options = self._options(job_class, payload)
            job = job_class(payload, self._stops)
            if payload.options:
                job.options = options
        except Exception as error:  # noqa: BLE001  # unknown, of options that do not fit, or its __init__ raises
            errors = [*payload.errors, describe(error, unit.worker, with_traceback=False)]
            self._park(unit, payload.changed(errors=errors, is_poison=False), started)
            return None
        if payload.is_poison:
            self._quarantine(unit, payload, job)
            return None
        if payload.id in self._stops.cancelled:  # while it waited in the buffer
            self._conclude_cancelled(Run(unit, payload, job, options, started), None)
            return None
        job_started(payload)
        return Run(unit, payload, job, options, started)

    def _quarantine(self, unit: Unit, payload: Payload, job: Job) -> None:
        """Put a job into the dead set that was running in too many crashes; if a person retries it, it runs."""
        message = f"The job was running in {payload.crashes} crashes. {payload.errors[-1]['message']}"
        handle_death(job, WorkerCrashed(message))
        self._move(unit, Outcome(Ending.DEAD, payload.changed(is_poison=False), counter="quarantined"))
        emit(logging.ERROR, "job.quarantined", {**job_fields(payload), "crashes": payload.crashes})

    def _options(self, job_class: type[Job], payload: Payload) -> JobOptions:
        """Return the options of one run; those of a class as it stands are made once."""
        known = self._class_options.get(job_class)
        if known is not None and not payload.options:
            return known
        options = options_of(job_class, payload)
        if options.max_retries is None:
            options = replace(options, max_retries=self._settings.max_retries)
        if not payload.options:
            self._class_options[job_class] = options
        return options

    def _park(self, unit: Unit, payload: Payload, started: float) -> None:
        """Put a job that cannot be run into the dead set, where a person sees why and can retry it after a deploy."""
        self._move(unit, Outcome(Ending.DEAD, payload, counter="parked"))
        elapsed = time.perf_counter() - started
        job_ended("job.parked", payload, elapsed, logging.ERROR, error=payload.errors[-1]["message"])
        self._buffer.measured(elapsed)

    # After

    def _conclude(self, run: Run, result: Any) -> None:
        elapsed = time.perf_counter() - run.started
        if self._stops.cancelled:
            self._stops.cancelled.discard(run.unit.id)
        if run.options.keep_result_for is None:
            self._buffer.finish(run.unit, elapsed)
        else:
            self._keep_result(run, result, run.options.keep_result_for.total_seconds())
            self._buffer.measured(elapsed)
        self._recorder.note(run.payload.job_class, run.unit.queue, elapsed, is_failure=False)
        job_ended(Ending.DONE.value, run.payload, elapsed)

    def _keep_result(self, run: Run, result: Any, seconds: float) -> None:
        unit = run.unit
        payload = decode(unit.raw)  # as it came: the job may have changed its arguments in place
        try:
            raw = payload.changed(result=result, finished_at=time.time()).encode()
        except InvalidPayload:
            emit(logging.WARNING, "job.result_not_kept", {**job_fields(payload), "type": type(result).__name__})
            raw = payload.changed(finished_at=time.time()).encode()
        self._buffer.settle(unit, lambda: self._store.finish(unit.queue, unit.worker, unit.id, raw, seconds))

    def _conclude_error(self, run: Run, error: BaseException) -> None:
        elapsed = time.perf_counter() - run.started
        run = run._replace(payload=decode(run.unit.raw))  # as it came: the job may have changed its arguments in place
        if run.unit.id in self._stops.cancelled:
            self._stops.cancelled.discard(run.unit.id)
            if not isinstance(error, Discard):
                self._conclude_cancelled(run, error)
                return
        outcome = without_failure(run.payload, error) or self._decide(run, error)
        if outcome.is_failure:
            self._tell(run, outcome, error)
        if outcome.ending is Ending.INTERRUPTED:
            self._give_back(run.unit, outcome.payload)
        else:
            self._move(run.unit, outcome)
        if outcome.ending is not Ending.INTERRUPTED:
            self._recorder.note(run.payload.job_class, run.unit.queue, elapsed, is_failure=outcome.is_failure)
        self._log_end(run, outcome, error, elapsed)
        self._buffer.measured(elapsed)

    def _conclude_cancelled(self, run: Run, error: BaseException | None) -> None:
        """Put a job that a person cancelled into the dead set; it is no failure, and nobody is told."""
        self._stops.cancelled.discard(run.unit.id)
        elapsed = time.perf_counter() - run.started
        self._move(run.unit, after_cancellation(run.payload, error, run.unit.worker))
        self._recorder.note(run.payload.job_class, run.unit.queue, elapsed, is_failure=False)
        job_ended(Ending.CANCELLED.value, run.payload, elapsed)
        self._buffer.measured(elapsed)

    def _log_end(self, run: Run, outcome: Outcome, error: BaseException, elapsed: float) -> None:
        is_later = outcome.ending in {Ending.RETRIED, Ending.SNOOZED}
        more = {"retry_in": f"{outcome.delay_seconds:.1f}"} if is_later else {}
        level = logging.INFO if not outcome.is_failure else logging.WARNING if is_later else logging.ERROR
        job_ended(outcome.ending.value, run.payload, elapsed, level, error=repr(original(error)), **more)

    def _decide(self, run: Run, error: BaseException) -> Outcome:
        try:
            return after_error(run.job, run.payload, run.options, error, run.unit.worker)
        except BaseException as raised:  # noqa: BLE001  # retry_in is the project's code
            emit(logging.ERROR, "job.retry_in_failed", job_fields(run.payload), raised)
            run.job.retry_in = lambda attempt, error: None  # type: ignore[method-assign]  # ask it no more
            return after_error(run.job, run.payload, run.options, error, run.unit.worker)

    def _tell(self, run: Run, outcome: Outcome, error: BaseException) -> None:
        """Tell people before the outcome is recorded: if the process dies in between they hear twice, not never."""
        args, kwargs = redacted_arguments(run.payload, run.job.parameter_names(), self._settings.redact)
        context = {**job_fields(run.payload), "outcome": outcome.ending.value, "args": args, "kwargs": kwargs}
        handle_error(error, context)
        if outcome.ending is not Ending.RETRIED:
            call_safely(run.job.on_exhausted, original(error))
            handle_death(run.job, error)

    def _move(self, unit: Unit, outcome: Outcome) -> None:
        destinations = {
            Ending.RETRIED: "retry",
            Ending.SNOOZED: "retry",
            Ending.DEAD: "dead",
            Ending.DISCARDED: "discard",
            Ending.CANCELLED: "dead",
        }
        send = partial(
            self._store.fail,
            unit.queue,
            unit.worker,
            unit.id,
            outcome.payload.encode(),
            destinations[outcome.ending],  # type: ignore[arg-type]  # the values above are Outcomes of the store
            delay_seconds=outcome.delay_seconds,
            dead_limits=self._dead_limits,
            counter=outcome.counter,
        )
        self._buffer.settle(unit, send)

    def _give_back(self, unit: Unit, payload: Payload) -> None:
        raw = payload.encode()
        self._buffer.settle(unit, lambda: self._store.release(unit.queue, unit.worker, [(unit.id, raw)]) == 1)
