"""Opens a unit: decodes its payload, finds its class, makes the job.

Where that fails the job is parked: it lies in the dead set with the reason, and a person can retry
it after a deploy.
"""

import time
from dataclasses import replace

from jobs.conf import JobsSettings
from jobs.ending import Ending
from jobs.enqueue import options_of
from jobs.errors import InvalidPayload, WorkerCrashed
from jobs.job import Job
from jobs.options import JobOptions
from jobs.payload import JobError, Payload, corrupt_payload, decode_for
from jobs.registry import registry
from jobs.worker.attempt import Run
from jobs.worker.conclusion import Conclusion
from jobs.worker.outcome import Outcome, after_cancellation, describe
from jobs.worker.stops import Stops
from jobs.worker.unit import Unit


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
            corrupt = corrupt_payload(unit.id, unit.queue, unit.raw, _in_short(error, unit))
            self.park(unit, corrupt, started)
            return None
        try:
            known = None if payload.options else self._known.get(payload.job_class)
            job_class, options = known or self._find(payload)
            job = job_class(payload, self._stops)
            job.taking = unit
            if payload.options:
                job.options = options
        except BaseException as error:  # noqa: BLE001  # unknown, of options that do not fit, or its __init__ raises
            self._conclusion.check_process(unit, error)
            errors = [*payload.errors, _in_short(error, unit)]
            self.park(unit, payload.changed(errors=errors, is_poison=False), started)
            return None
        if payload.is_poison:
            self._quarantine(unit, payload, job, started)
            return None
        if self._stops.cancelled and self._stops.meets(unit.id, unit.number):
            # A person cancelled it while it waited in the buffer.
            outcome = after_cancellation(payload, None, unit.worker)
            self._conclusion.conclude(unit, outcome, time.perf_counter() - started, job)
            return None
        return Run(unit, payload, job, options, started, unit.raw)

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


def _in_short(error: BaseException, unit: Unit) -> JobError:
    """Return an error as the payload keeps it, without the traceback."""
    return describe(error, unit.worker, with_traceback=False)
