"""Ends every run in one order: tell who is to know, record, report.

Recording in Redis must happen. All else serves people: nothing of it may fail the job,
or keep it from being recorded. Error handlers and death handlers are told by
`JobFailing` and `JobDying`.
Log and metrics listen to `JobEnded`.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from jobs.conf import JobsSettings
from jobs.ending import Ending
from jobs.events import JobDying, JobEnded, JobFailing, WorkerFault, emit
from jobs.handlers import call_safely
from jobs.job import Job
from jobs.payload import Payload
from jobs.queries import Queries
from jobs.returns import Kept
from jobs.store import Store
from jobs.text import shown_error
from jobs.worker import forks
from jobs.worker.buffer import Buffer
from jobs.worker.outcome import Outcome, original
from jobs.worker.stops import Stops
from jobs.worker.unit import Unit


class Conclusion:
    """Ends the runs of one worker process, in whichever thread they end."""

    def __init__(self, store: Store, buffer: Buffer, settings: JobsSettings, stops: Stops) -> None:
        """Take what an ending needs."""
        self._store = store
        self._buffer = buffer
        self._stops = stops
        self._dead_limits = (settings.dead_max_jobs, settings.dead_max_days)
        self._generation = forks.generation

    def conclude(
        self,
        unit: Unit,
        outcome: Outcome,
        elapsed: float,
        job: Job | None = None,
        error: BaseException | None = None,
    ) -> None:
        """End a run.

        `job` is None where its class could not be found or made. People are told before
        the end is recorded: if the process dies in between, they hear of it twice
        rather than never.
        """
        self.check_process(unit)
        if self._stops.cancelled:
            self._stops.cancelled.pop(unit.id, None)
        rule = outcome.ending.rule
        if job is not None and rule.destination == "discard":
            outcome = _with_record(outcome, job, error)
        if job is not None and error is not None and (rule.is_failure or rule.is_last):
            call_safely(self._tell, job, outcome, error)
            self.check_process(unit)
        note = b""
        if job is not None and job.last_words:
            note = _last_note(job.last_words.values())
        self._buffer.settle(unit, self._sending(unit, outcome, note))
        call_safely(self._buffer.measured, elapsed)
        call_safely(_say, outcome, elapsed, error, job and job.counted_queries)
        self.check_process(unit)

    def finish(
        self, unit: Unit, payload: Payload, elapsed: float, queries: Queries | None = None
    ) -> None:
        """End a run that went well and whose result nobody wants.

        Most jobs end this way, so a call is made only where it has something to do. The
        order of the steps is that of `conclude`.
        """
        if forks.generation != self._generation:
            self.check_process(unit)
        if self._stops.cancelled:
            self._stops.cancelled.pop(unit.id, None)
        self._buffer.finish(unit, elapsed)
        emit(JobEnded(payload, Ending.DONE, elapsed, queries=queries))
        if forks.generation != self._generation:
            self.check_process(unit)

    def check_process(self, unit: Unit, error: BaseException | None = None) -> None:
        """End this process if code of the job has forked it.

        The job belongs to the parent.
        """
        if forks.generation != self._generation:
            forks.end_copy(error, job_id=unit.id, queue=unit.queue)

    # Before it is recorded

    def _tell(self, job: Job, outcome: Outcome, error: BaseException) -> None:
        ending = outcome.ending
        if ending.rule.is_failure:
            emit(JobFailing(outcome.payload, job, ending, error))
        if ending.rule.is_last:
            call_safely(job.on_exhausted, original(error))
            emit(JobDying(outcome.payload, job, ending, error))

    # Recording

    def _sending(self, unit: Unit, outcome: Outcome, note: bytes) -> Callable[[], bool]:
        """Return what moves the job in Redis and says whether it was ours.

        It may be called again. A job that goes back to its place takes no note along.
        """
        raw = outcome.payload.encode()
        destination = outcome.ending.rule.destination
        if destination == "done" or outcome.keep_seconds:
            return partial(
                self._store.running.finish,
                unit.queue,
                unit.token,
                unit.id,
                raw,
                outcome.keep_seconds,
                counter=outcome.ending.rule.counter,
                note=note,
            )
        if destination == "ready":
            return lambda: (
                self._store.running.release(unit.queue, [(unit.token, unit.id, raw)]) == 1
            )
        return partial(
            self._store.running.fail,
            unit.queue,
            unit.token,
            unit.id,
            raw,
            destination,
            delay_seconds=outcome.delay_seconds,
            dead_limits=self._dead_limits,
            counter=outcome.ending.rule.counter,
            note=note,
        )


def _last_note(words: Iterable[Callable[[], bytes | None]]) -> bytes:
    """Let features say their last words, and return the note among them."""
    notes: list[bytes | None] = []
    for say in list(words):
        call_safely(_keep, notes, say)
    return next(filter(None, notes), b"")


def _keep(notes: list[bytes | None], say: Callable[[], bytes | None]) -> None:
    notes.append(say())


def _with_record(outcome: Outcome, job: Job, error: BaseException | None) -> Outcome:
    """Return the outcome of a discarded job, with the record that it wants."""
    kept: list[Kept | None] = []
    call_safely(lambda: kept.append(job.record_of_discard(outcome.payload, error)))
    record = next(iter(kept), None)
    if record is None:
        return outcome
    return replace(outcome, payload=record.payload, keep_seconds=record.seconds)


def _say(
    outcome: Outcome, elapsed: float, error: BaseException | None, queries: Queries | None
) -> None:
    cause = None if error is None else original(error)
    emit(
        JobEnded(
            outcome.payload,
            outcome.ending,
            elapsed,
            cause,
            delay=outcome.delay_seconds,
            has_begun=outcome.has_begun,
            queries=queries,
        )
    )


def report_fault(unit: Unit, error: BaseException) -> None:
    """Log that the library failed where nothing should fail."""
    emit(WorkerFault(queue=unit.queue, id=unit.id, error=shown_error(error), raised=error))
