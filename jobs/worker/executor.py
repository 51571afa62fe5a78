"""Runs one job: middleware and `perform`, and decides what becomes of it.

The only place that catches BaseException around a job. Threads call `execute`; the event loop
awaits the coroutines that it accepts. `opening.py` makes the run, `conclusion.py` carries out what
is decided here.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async

from jobs import returns
from jobs.conf import JobsSettings
from jobs.ending import Ending
from jobs.errors import Discard, JobInterrupted, TimeLimitExceeded
from jobs.events import JobStarted, UnreadableError, emit, is_heard
from jobs.middleware.chain import MiddlewareChain
from jobs.payload import Payload
from jobs.shield import call_open
from jobs.store import Store
from jobs.worker import forks
from jobs.worker.attempt import Run
from jobs.worker.buffer import Buffer
from jobs.worker.conclusion import Conclusion, report_fault
from jobs.worker.opening import Opening, ask_for_retry
from jobs.worker.outcome import (
    Outcome,
    after_cancellation,
    after_error,
    is_interruption,
    without_failure,
)
from jobs.worker.stops import Stops
from jobs.worker.time_limits import TimeLimits
from jobs.worker.unit import Unit

#: The number of the taking whose task is at work here. 0: that of no job.
_at_work: ContextVar[int] = ContextVar("jobs_at_work", default=0)


class Executor:
    """Executes units for all threads of a process."""

    def __init__(
        self,
        store: Store,
        buffer: Buffer,
        chain: MiddlewareChain,
        settings: JobsSettings,
        stops: Stops,
        limits: TimeLimits,
    ) -> None:
        """Take what a run needs, and what jobs see as `self.stopping`."""
        self._buffer = buffer
        self._chain = chain
        self._stops = stops
        self._limits = limits
        self._conclusion = Conclusion(store, buffer, settings, stops)
        self._opening = Opening(self._conclusion, settings, stops)
        self._generation = forks.generation

    def execute(self, unit: Unit, submit: Callable[[Run], bool]) -> None:
        """Run a unit to its end in this thread, and raise nothing.

        A coroutine is handed to `submit`, which says whether it had a place for it; without one it
        goes back.
        """
        try:
            run = self._opening.run_of(unit)
            if run is None:
                return
            if run.job.is_async:
                if not submit(run):
                    self._give_back(unit)
                return
            if is_heard(JobStarted):
                emit(JobStarted(run.payload))
            try:
                result = self._chain.perform(run.job, partial(self._perform, run))
            except BaseException as error:  # noqa: BLE001  # whatever a job raises is its outcome
                self._conclude_error(run, error)
            else:
                self._conclude(run, result)
        except BaseException as error:  # noqa: BLE001  # see `_end_by_fault`
            self._end_by_fault(unit, error)

    def _perform(self, run: Run) -> Any:
        """Run `perform`, which alone may be interrupted.

        Middleware never sees a process that a job has forked.
        """
        limit = run.options.time_limit
        try:
            if limit is None:
                result = call_open(run.job.perform, run.payload.args, run.payload.kwargs)
            else:
                result = self._limits.perform(run, limit.total_seconds())
        except BaseException as error:
            self._conclusion.check_process(run.unit, error)
            raise
        if forks.generation != self._generation:
            self._conclusion.check_process(run.unit)
        return result

    async def execute_async(self, run: Run) -> None:
        """Run a job whose `perform` is a coroutine to its end.

        Raises nothing, and is cancelled in `perform` only.
        """
        if is_heard(JobStarted):
            emit(JobStarted(run.payload))
        _at_work.set(run.unit.number)
        try:
            result = await self._chain.aperform(run.job, partial(self._aperform, run))
        except BaseException as error:
            if _is_thrown_away(run):
                raise
            if self._is_stop(run, error):
                error = JobInterrupted()
            await self._end_async(run.unit, partial(self._conclude_error, run, error))
        else:
            end = partial(self._conclude, run, result)
            if not returns.are_wanted(run.options):
                self._guard(run.unit, end)  # makes no round trip, so the loop may wait for it
            else:
                await self._end_async(run.unit, end)

    def _is_stop(self, run: Run, error: BaseException) -> bool:
        if isinstance(error, TimeLimitExceeded):  # a cancellation is among its causes
            return False
        is_asked_for = self._stops.is_stopping(run.payload.id)
        return is_asked_for and is_interruption(error, asyncio.CancelledError)

    async def _aperform(self, run: Run) -> Any:
        limit = run.options.time_limit
        try:
            if limit is None:
                result = await run.job.perform(*run.payload.args, **run.payload.kwargs)
            else:
                result = await self._limits.aperform(run, limit.total_seconds())
        except BaseException as error:
            if not _is_thrown_away(run):
                self._conclusion.check_process(run.unit, error)
            raise
        self._conclusion.check_process(run.unit)
        return result

    async def _end_async(self, unit: Unit, end: Callable[[], None]) -> None:
        """Conclude in a thread.

        The run is over, so a cancellation comes too late and changes nothing.
        """
        has_begun = threading.Event()

        def conclude() -> None:
            has_begun.set()
            self._guard(unit, end)

        conclusion = asyncio.ensure_future(sync_to_async(conclude)())
        while not conclusion.done():
            try:
                await asyncio.shield(conclusion)
            except asyncio.CancelledError:
                continue
        if conclusion.cancelled() and not has_begun.is_set():
            conclude()  # a job has cancelled all tasks of the loop

    def _guard(self, unit: Unit, step: Callable[[], None]) -> None:
        """Carry out the end of a coroutine."""
        try:
            self._limits.let_go(unit.number)
            step()
        except BaseException as error:  # noqa: BLE001  # see `_end_by_fault`
            self._end_by_fault(unit, error)

    def _end_by_fault(self, unit: Unit, error: BaseException) -> None:
        """Park a job where the fault is ours.

        The thread must live on, and people must see the job.
        """
        report_fault(unit, error)
        try:
            self._opening.park_by_fault(unit, error)
        except BaseException as raised:  # noqa: BLE001  # the job stays running until this process ends
            report_fault(unit, raised)

    def _give_back(self, unit: Unit) -> None:
        """Give back a coroutine that has no place here, and has not begun."""
        self._buffer.crowded(unit.queue)
        self._buffer.give_back(unit)

    # What becomes of it

    def _conclude(self, run: Run, result: Any) -> None:
        elapsed = time.perf_counter() - run.started
        if not returns.are_wanted(run.options):
            self._conclusion.finish(run.unit, run.payload, elapsed, run.job.counted_queries)
            return
        began = run.stored().changed(started_at=time.time() - elapsed)
        payload, seconds = returns.kept(began, run.options, result)
        outcome = Outcome(Ending.DONE, payload, keep_seconds=seconds)
        self._conclusion.conclude(run.unit, outcome, elapsed, run.job)

    def _conclude_error(self, run: Run, error: BaseException) -> None:
        elapsed = time.perf_counter() - run.started
        payload = run.stored()
        try:
            outcome = self._decide(run, payload, error, elapsed)
        except BaseException as raised:  # noqa: BLE001  # the class of the error is the project's, and may do anything
            emit(UnreadableError(payload, raised=raised))
            error = RuntimeError(
                f"The job raised a {type(error).__qualname__} that cannot be looked at."
            )
            outcome = self._decide(run, payload, error, elapsed)
        self._conclusion.conclude(run.unit, outcome, elapsed, run.job, error)

    def _decide(self, run: Run, payload: Payload, error: BaseException, elapsed: float) -> Outcome:
        if run.unit.id in self._stops.cancelled and not isinstance(error, Discard):
            return after_cancellation(payload, error, run.unit.worker, elapsed)
        ask = partial(ask_for_retry, run.job, payload)
        return without_failure(payload, error) or after_error(
            payload, run.options, error, run.unit.worker, ask, elapsed
        )


def _is_thrown_away(run: Run) -> bool:
    """Return whether a coroutine is closed by somebody else than its task.

    That is a forked child, which has no use for it, or a collection after the end of the loop.
    Then it goes on in the context of whoever closes it, and not in its own.
    """
    return _at_work.get() != run.unit.number
