"""Takes back the jobs of a worker that died, stopped, or fell silent. Used by the supervisor and by every worker.

A crash and a stop have budgets of their own: neither spends a retry. From its second crash on a job comes back after a
random pause, away from its neighbours. One that was running in several crashes is marked as poison: who takes it next
puts it into quarantine. That tells the death handlers, which are the project's code, and the supervisor must run none.
"""

import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jobs.conf import JobsSettings
from jobs.errors import InvalidPayload
from jobs.events import emit
from jobs.payload import Payload, decode
from jobs.store import Store


@dataclass(frozen=True, slots=True)
class WorkerEnd:
    """How a worker ended. `running`: the jobs it had begun, None when nobody knows; `reason` is shown to people."""

    reason: str
    is_crash: bool
    running: frozenset[str] | None = None

    def blames(self, job_id: str) -> bool:
        """Whether this job was running when the worker ended."""
        return self.running is None or job_id in self.running


class Recovery:
    """Gives jobs back through one store."""

    def __init__(
        self, store: Store, settings: JobsSettings, uniform: Callable[[float, float], float] = random.uniform
    ) -> None:
        """Take a store, the budgets, and a source of randomness."""
        self._store = store
        self._settings = settings
        self._uniform = uniform

    def recover(self, queues: Sequence[str], worker: str, ending: WorkerEnd, *, is_dead: bool) -> int:
        """Take back all jobs of a worker and return their number. Safe to call again, and by several at once.

        Unless it `is_dead` for sure, only if its lease ran out. Raise StoreUnavailable when Redis is away.
        """
        recovered = 0
        for queue in queues:
            if self._store.condemn(queue, worker, is_dead=is_dead):
                for job_id, raw in list(self._store.list_running(queue, worker)):
                    recovered += self._give_back(queue, worker, job_id, raw, ending)
                self._store.leave(queue, worker)
        if recovered:
            fields = {"worker": worker, "jobs": recovered, "reason": ending.reason}
            emit(logging.WARNING if ending.is_crash else logging.INFO, "worker.recovered", fields)
        return recovered

    def _give_back(self, queue: str, worker: str, job_id: str, raw: bytes | None, ending: WorkerEnd) -> bool:
        if raw is None:
            return self._store.fail(queue, worker, job_id, b"", "discard", counter="lost")
        if not ending.blames(job_id):
            return self._store.release(queue, worker, [(job_id, b"")]) == 1
        try:
            return self._count(queue, worker, decode(raw).changed(id=job_id), ending)
        except (InvalidPayload, TypeError):  # who takes it next parks it
            return self._store.release(queue, worker, [(job_id, b"")]) == 1

    def _count(self, queue: str, worker: str, payload: Payload, ending: WorkerEnd) -> bool:
        """Give back a job with one more interruption or crash in its payload."""
        if not ending.is_crash:
            changed = payload.changed(interruptions=payload.interruptions + 1)
            return self._store.release(queue, worker, [(payload.id, changed.encode())]) == 1
        return self._record_crash(queue, worker, payload, ending)

    def _record_crash(self, queue: str, worker: str, payload: Payload, ending: WorkerEnd) -> bool:
        error = {"class": "WorkerCrashed", "message": ending.reason, "at": time.time(), "worker": worker}
        crashes = payload.crashes + 1
        changed = payload.changed(crashes=crashes, errors=[*payload.errors, error])
        if crashes == 1 or crashes >= self._settings.max_crashes:
            changed = changed.changed(is_poison=crashes >= self._settings.max_crashes)
            return self._store.release(queue, worker, [(payload.id, changed.encode())]) == 1
        delay = self._uniform(0, 5.0 * crashes)
        return self._store.fail(
            queue, worker, payload.id, changed.encode(), "retry", delay_seconds=delay, counter="crashed"
        )
