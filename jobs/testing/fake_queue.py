"""The jobs that a test collected.

It knows which of them a rolled-back transaction has taken away.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from jobs.commit import is_of_test_alone, refuse_transactions_by_hand
from jobs.payload import Payload, decode
from jobs.store import NewJob


@dataclass(eq=False)
class FakeJob:
    """One collected job.

    It is an `on_commit` hook too, so that Django drops it with its savepoint.
    """

    payload: Payload
    connection: BaseDatabaseWrapper | None = None
    is_committed: bool = field(default=False)

    def __call__(self) -> None:
        """Take note of the commit."""
        self.is_committed = True

    @property
    def exists(self) -> bool:
        """Whether the transaction in which it was enqueued was not rolled back.

        In a TestCase the commit never comes, so a hook that still waits counts as kept.
        """
        if self.connection is None or self.is_committed:
            return True
        return any(hook[1] is self for hook in self.connection.run_on_commit)

    @property
    def awaits_commit(self) -> bool:
        """Whether its transaction is still open, and is not the one around the test."""
        if self.connection is None or self.is_committed or not self.exists:
            return False
        return not is_of_test_alone(self.connection)


class FakeQueue:
    """A sink that collects jobs in memory.

    They go through JSON first, as on the way to Redis.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._jobs: list[FakeJob] = []

    def send(self, jobs: list[tuple[str, NewJob]], *, after_commit: bool) -> None:
        """Collect jobs.

        What cannot be enqueued for real is refused here too.
        """
        if after_commit:
            refuse_transactions_by_hand()
        for _, job in jobs:
            connection = _open_transaction() if after_commit else None
            fake = FakeJob(decode(job.payload), connection)
            self._jobs.append(fake)
            if connection is not None:
                connection.on_commit(fake)

    def awaits_commit(self, job_id: str) -> bool:
        """Tell whether a job was collected in a transaction that is still open."""
        return any(job.payload.id == job_id and job.awaits_commit for job in self._jobs)

    def place_of(self, job_id: str) -> Literal["ready"] | None:
        """Return where a job waits to be drained, None if it does not."""
        is_here = any(job.payload.id == job_id and job.exists for job in self._jobs)
        return "ready" if is_here else None

    def payloads(self) -> list[Payload]:
        """Return what is enqueued, the oldest first."""
        return [job.payload for job in self._jobs if job.exists]

    def add(self, payloads: Iterable[Payload]) -> None:
        """Collect jobs that are to run again."""
        self._jobs += [FakeJob(payload) for payload in payloads]

    def take(self, is_wanted: Callable[[Payload], bool]) -> Iterator[Payload]:
        """Remove and yield the wanted jobs one by one, until none is left.

        Jobs that are added meanwhile are yielded too.
        """
        while found := self._first(is_wanted):
            self._jobs.remove(found)
            yield found.payload

    def _first(self, is_wanted: Callable[[Payload], bool]) -> FakeJob | None:
        for job in self._jobs:
            if job.exists and is_wanted(job.payload):
                return job
        return None

    def clear(self) -> None:
        """Forget all jobs."""
        self._jobs.clear()


def _open_transaction() -> BaseDatabaseWrapper | None:
    opened = connections.all(initialized_only=True)
    return next((connection for connection in opened if connection.in_atomic_block), None)
