"""Takes back the jobs of a worker that died, stopped, or fell silent.

The supervisor uses it, and an orphan at its end. A crash and a stop have budgets of
their own: neither spends a retry. From its second crash on a job comes back after a
random pause, away from its neighbours. One that was running in several crashes is
marked as poison: who takes it next puts it into quarantine. That tells the death
handlers, which are the project's code, and the supervisor must run none.
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from jobs.conf import JobsSettings
from jobs.errors import InvalidPayload, StoreUnavailable, UnknownJob
from jobs.events import JobsRecovered, emit
from jobs.payload import JobError, Payload, decode, decode_for
from jobs.registry import registry
from jobs.store import Leases, Store, Terms
from jobs.worker.unit import number_in

#: How long a job may wait after its second crash, times its number of crashes. Seconds.
LONGEST_PAUSE_PER_CRASH = 5.0
#: Most characters that are kept of a stack.
MOST_STACK = 9_000


@dataclass(frozen=True, slots=True)
class WorkerEnd:
    """How a worker ended.

    `reason` is shown to people. `running`: the numbers of the jobs it had begun. None
    when nobody knows: then those taken first are blamed, as many as it could run at a
    time by its `terms`. `overdue`: the numbers of those that had not ended long after
    their time limit, each with its stack.
    """

    reason: str
    is_crash: bool
    running: frozenset[int] | None = None
    terms: Terms | None = None
    overdue: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taken:
    """One taking that is to be undone."""

    queue: str
    job_id: str
    token: str

    @property
    def number(self) -> int:
        """The number of this taking, 0 for one of a version that wrote none."""
        return number_in(self.token) or 0

    @property
    def worker(self) -> str:
        """The name under which it was taken."""
        name, _, _ = self.token.rpartition("#")
        return name or self.token


class Recovery:
    """Gives jobs back through one store."""

    def __init__(
        self,
        store: Store,
        settings: JobsSettings,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Take a store, the budgets, and a source of randomness."""
        self._store = store
        self._settings = settings
        self._uniform = uniform
        self._leases = Leases(store, Terms.of(settings))

    def recover(self, queue: str, worker: str, end: WorkerEnd, stood_at: str = "") -> int:
        """Take back a worker's jobs of one queue, and return their number.

        Several may call it at once. `stood_at` is the score at which its lease stood
        still; without it the worker is dead for sure. Raise StoreUnavailable when Redis
        is away, and what else a job raised after all others were taken back.
        """
        if not self._leases.condemn(queue, worker, stood_at):
            return 0
        recovered, failure = self._give_back_all(self.taken_by(queue, worker), end)
        if recovered:
            emit(JobsRecovered(worker, queue, recovered, end.reason, is_crash=end.is_crash))
        if failure is not None:
            raise failure
        self._leases.leave(queue, worker)
        return recovered

    def taken_by(self, queue: str, worker: str) -> list[Taken]:
        """Return what runs under a name in one queue.

        Raise StoreUnavailable.
        """
        running = self._store.running.list_running(queue, worker)
        return [Taken(queue, job_id, token) for job_id, token in running]

    def _give_back_all(
        self, listed: Sequence[Taken], end: WorkerEnd
    ) -> tuple[int, Exception | None]:
        """Return how many were given back, and the last error.

        One odd job must not keep the others.
        """
        recovered = 0
        failure: Exception | None = None
        for taken, is_blamed in self._judged(listed, end):
            try:
                recovered += self._give_back(taken, end, is_blamed=is_blamed)
            except StoreUnavailable:
                raise
            except Exception as error:  # noqa: BLE001  # see above
                failure = error
        return recovered, failure

    def _judged(self, listed: Sequence[Taken], end: WorkerEnd) -> list[tuple[Taken, bool]]:
        """Return each taking with whether its job was running when the worker ended.

        The first taken come first.
        """
        in_order = sorted(listed, key=lambda taken: taken.number)
        if end.running is not None:
            return [(taken, taken.number in end.running) for taken in in_order]
        return self._guessed(in_order, end.terms or Terms.of(self._settings))

    def _guessed(self, in_order: Sequence[Taken], terms: Terms) -> list[tuple[Taken, bool]]:
        """Blame those taken first, as many as the worker could run.

        With two threads and one place for coroutines, of the jobs T1 T2 A1 A2 T3 (T in
        a thread, A a coroutine) these are blamed: T1, T2 and A1.
        """
        threads, coroutines = terms.threads, terms.coroutines
        judged: list[tuple[Taken, bool]] = []
        for taken in in_order:
            is_full = threads <= 0 and coroutines <= 0
            may_be_async = terms.coroutines > 0 and not is_full
            if may_be_async and self._is_async(taken):
                judged.append((taken, coroutines > 0))
                coroutines -= 1
            else:
                judged.append((taken, threads > 0))
                threads -= 1
        return judged

    def _is_async(self, taken: Taken) -> bool:
        """Return whether a job is a coroutine, False where nobody can tell."""
        raw = self._store.running.payload(taken.queue, taken.job_id)
        if raw is None:
            return False
        try:
            return registry.find(decode(raw).job_class).is_async
        except (InvalidPayload, UnknownJob):
            return False

    def _give_back(self, taken: Taken, end: WorkerEnd, *, is_blamed: bool) -> bool:
        if not is_blamed:
            return self._release(taken)
        raw = self._store.running.payload(taken.queue, taken.job_id)
        if raw is None:
            return self._store.running.fail(
                taken.queue, taken.token, taken.job_id, b"", "discard", counter="lost"
            )
        try:
            payload = decode_for(raw, taken.job_id, taken.queue)
            if taken.number in end.overdue:
                return self._mark_overrun(taken, payload, end.overdue[taken.number])
            return self._count(taken, payload, end)
        except (InvalidPayload, TypeError):  # who takes it next parks it
            return self._release(taken)

    def _release(self, taken: Taken, raw: bytes = b"") -> bool:
        return self._store.running.release(taken.queue, [(taken.token, taken.job_id, raw)]) == 1

    def _mark_overrun(self, taken: Taken, payload: Payload, stack: str) -> bool:
        """Give back a job that was ended by its time limit.

        Who takes it next records the failure and runs nothing. That asks the project's
        code, and the supervisor must run none.
        """
        mark = {"worker": taken.worker, "stack": stack[-MOST_STACK:]}
        return self._release(taken, payload.changed(overrun=mark).encode())

    def _count(self, taken: Taken, payload: Payload, end: WorkerEnd) -> bool:
        """Give back a job with one more interruption or crash in its payload."""
        if not end.is_crash:
            interrupted = payload.changed(interruptions=payload.interruptions + 1)
            return self._release(taken, interrupted.encode())
        crashes = payload.crashes + 1
        error = _shown_crash(taken, end)
        is_poison = crashes >= self._settings.max_crashes
        changed = payload.changed(crashes=crashes, errors=[*payload.errors, error])
        if crashes == 1 or is_poison:
            return self._release(taken, changed.changed(is_poison=is_poison).encode())
        delay = self._uniform(0, LONGEST_PAUSE_PER_CRASH * crashes)
        return self._store.running.fail(
            taken.queue,
            taken.token,
            taken.job_id,
            changed.encode(),
            "retry",
            delay_seconds=delay,
            counter="crashed",
        )


def _shown_crash(taken: Taken, end: WorkerEnd) -> JobError:
    """Return a crash as the payload keeps it among the errors of a job."""
    return {
        "class": "WorkerCrashed",
        "message": end.reason,
        "at": time.time(),
        "worker": taken.worker,
    }
