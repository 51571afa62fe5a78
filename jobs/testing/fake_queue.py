"""The jobs that a test collected. Knows which of them a rolled-back transaction has taken away."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from jobs.payload import Payload, decode
from jobs.store import NewJob


@dataclass(eq=False)
class FakeJob:
    """One collected job. It is an `on_commit` hook too, so that Django drops it with its savepoint."""

    payload: Payload
    connection: BaseDatabaseWrapper | None = None
    is_committed: bool = field(default=False)

    def __call__(self) -> None:
        """Take note of the commit."""
        self.is_committed = True

    @property
    def exists(self) -> bool:
        """Whether the transaction it was enqueued in still stands.

        In a TestCase the commit never comes: a hook that still waits counts as kept.
        """
        if self.connection is None or self.is_committed:
            return True
        return any(hook[1] is self for hook in self.connection.run_on_commit)


class FakeQueue:
    """A sink that collects jobs in memory, after the same trip through JSON as on the way to Redis."""

    def __init__(self) -> None:
        """Start empty."""
        self._jobs: list[FakeJob] = []

    def send(self, jobs: list[tuple[str, NewJob]], *, after_commit: bool) -> None:
        """Collect jobs."""
        for _, job in jobs:
            fake = FakeJob(decode(job.payload), _open_transaction() if after_commit else None)
            self._jobs.append(fake)
            if fake.connection is not None:
                fake.connection.on_commit(fake)

    def payloads(self) -> list[Payload]:
        """Return what is enqueued, the oldest first."""
        return [job.payload for job in self._jobs if job.exists]

    def take(self, is_wanted: Callable[[Payload], bool]) -> Iterator[Payload]:
        """Remove and yield jobs one by one until none is left, also those that are added meanwhile."""
        while True:
            found = next((job for job in self._jobs if job.exists and is_wanted(job.payload)), None)
            if found is None:
                return
            self._jobs.remove(found)
            yield found.payload

    def clear(self) -> None:
        """Forget all jobs."""
        self._jobs.clear()


def _open_transaction() -> BaseDatabaseWrapper | None:
    opened = connections.all(initialized_only=True)
    return next((connection for connection in opened if connection.in_atomic_block), None)
