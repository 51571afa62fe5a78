"""The jobs that a test collected.

It knows which of them a rolled-back transaction has taken away.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from jobs.bounds import bounding
from jobs.commit import is_of_test_alone, outbox_connection, refuse_transactions_by_hand
from jobs.payload import Payload, decode
from jobs.store import Claim, Duplicates, NewJob
from jobs.store.whereabouts import Glance
from jobs.testing.places import Places, has_expired, window_end
from jobs.testing.room import check_room, parts


@dataclass(eq=False)
class FakeJob:
    """One collected job.

    It is an `on_commit` hook too, so that Django drops it with its savepoint.
    """

    payload: Payload
    connection: BaseDatabaseWrapper | None = None
    is_committed: bool = field(default=False)
    claim: Claim | None = None

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

    @property
    def stays_out(self) -> bool:
        """Whether it leaves a place that is taken to the job that has it."""
        return self.claim is None or self.claim.conflict in {"return", "raise"}

    def makes_room(self, successor: "FakeJob") -> bool:
        """Whether it has expired, and its place is taken by another."""
        if self.claim is None or not self.claim.key or successor.claim is None:
            return False
        is_same = successor.claim.key == self.claim.key
        return is_same and has_expired(self.claim, self.payload)

    def holds(self, key: str) -> bool:
        """Whether it has the place of a key, and may keep it."""
        if self.claim is None or self.claim.key != key:
            return False
        is_open = window_end(self.claim, self.payload) > time.time()
        return is_open and not has_expired(self.claim, self.payload)


class FakeQueue:
    """A sink that collects jobs in memory.

    They go through JSON first, as on the way to Redis.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._jobs: list[FakeJob] = []
        self._places = Places()
        #: The claims of jobs that were taken, by their ids: some run again.
        self._claims: dict[str, Claim] = {}
        #: How many jobs of each queue were taken, and have not ended.
        self._running: Counter[str] = Counter()

    def send(self, jobs: list[tuple[str, NewJob]], *, after_commit: bool) -> Duplicates | None:
        """Collect jobs, and return which of those with a claim are duplicates.

        What cannot be enqueued for real is refused here too. Return None where only the commit
        tells. Raise QueueFull.
        """
        if after_commit:
            refuse_transactions_by_hand()
        connection = _transaction_of(jobs) if after_commit else None
        duplicates: Duplicates = {}
        for part in parts(jobs, self._check_room, is_whole=connection is not None):
            duplicates |= self._collect(part, connection)
        return duplicates if connection is None or duplicates else None

    def _check_room(self, jobs: list[tuple[str, NewJob]]) -> None:
        """Raise QueueFull where a queue would hold more than it may."""
        if not any(queue in bounding.bounds() for queue, _ in jobs):
            return
        new = [FakeJob(decode(job.payload), claim=job.claim) for _, job in jobs]
        before = Counter(job.payload.queue for job in self._present())
        after = Counter(job.payload.queue for job in self._present(new))
        check_room(before + self._running, after - before)

    def _collect(
        self, jobs: list[tuple[str, NewJob]], connection: BaseDatabaseWrapper | None
    ) -> Duplicates:
        duplicates: Duplicates = {}
        for _, job in jobs:
            fake = FakeJob(decode(job.payload), connection, claim=job.claim)
            if holder := self._barred_by(fake):
                duplicates[job.id] = holder
            else:
                self._keep(fake)
        return duplicates

    def _barred_by(self, fake: FakeJob) -> str | None:
        """Return the job that keeps this one out, as far as that is known."""
        if fake.claim is None or not fake.stays_out:
            return None
        if fake.connection is not None and fake.claim.conflict != "raise":
            return None
        return self._holder(fake, self._present())

    def _keep(self, fake: FakeJob) -> None:
        self._jobs.append(fake)
        if fake.connection is None:
            self._jobs = self._present()
        else:
            fake.connection.on_commit(fake)

    def awaits_commit(self, job_id: str) -> bool:
        """Tell whether a job was collected in a transaction that is still open."""
        return any(job.payload.id == job_id and job.awaits_commit for job in self._jobs)

    def glance(self, job_id: str) -> Glance | None:
        """Return what there is to see of a job that waits to be drained."""
        found = (job for job in self._jobs if job.payload.id == job_id and job.exists)
        job = next(found, None)
        return None if job is None else Glance("ready", job.payload.encode())

    def payloads(self) -> list[Payload]:
        """Return what is enqueued, the oldest first."""
        return [job.payload for job in self._present()]

    def add(self, payloads: Iterable[Payload]) -> None:
        """Collect jobs that are to run again.

        They still have their places, but for those who gave them up at their start.
        """
        for payload in payloads:
            claim = self._claims.get(payload.id)
            keeps = claim if claim and claim.until != "start" else None
            self._jobs.append(FakeJob(payload, claim=keeps))

    def ended(self, payload: Payload, *, is_dead: bool = False) -> None:
        """Note that a job that was taken runs no more."""
        self._running[payload.queue] -= 1
        self._places.end(self._claims.get(payload.id), payload, is_dead=is_dead)

    def _present(self, more: Sequence[FakeJob] = ()) -> list[FakeJob]:
        """Return the jobs that are there, as if all open transactions were committed.

        Of unique jobs only one is there of each key, as Redis would decide it in their order.
        """
        present: list[FakeJob] = []
        for job in (*self._jobs, *more):
            if not job.exists:
                continue
            if job.claim is None or not self._holder(job, present):
                present = [other for other in present if not other.makes_room(job)]
                present.append(job)
            elif not job.stays_out:
                place = next(n for n, other in enumerate(present) if other.holds(job.claim.key))
                present[place] = job
        return present

    def _holder(self, job: FakeJob, present: Sequence[FakeJob]) -> str | None:
        """Return the id of the job that has this one's place, if any."""
        if any(other.payload.id == job.payload.id for other in present):
            return job.payload.id
        key = job.claim.key if job.claim else ""
        if not key:
            return None
        there = (other.payload.id for other in present if other.holds(key))
        holder = self._places.holder(key) or next(there, None)
        return None if holder == job.payload.id else holder

    def take(self, is_wanted: Callable[[Payload], bool]) -> Iterator[Payload]:
        """Remove and yield the wanted jobs one by one, until none is left.

        Jobs that are added meanwhile are yielded too.
        """
        while found := self._first(is_wanted):
            self._jobs.remove(found)
            self._running[found.payload.queue] += 1
            if found.claim is not None:
                self._claims[found.payload.id] = found.claim
                self._places.begin(found.claim, found.payload)
            yield found.payload

    def _first(self, is_wanted: Callable[[Payload], bool]) -> FakeJob | None:
        self._jobs = self._present()  # what is left out now must not come back later
        return next((job for job in self._jobs if is_wanted(job.payload)), None)

    def clear(self) -> None:
        """Forget all jobs, and all places."""
        self._jobs.clear()
        self._places = Places()
        self._claims.clear()
        self._running.clear()


def _transaction_of(jobs: list[tuple[str, NewJob]]) -> BaseDatabaseWrapper | None:
    """Return the connection whose commit decides over jobs of one class."""
    if not jobs[0][1].is_kept:
        return _open_transaction()
    connection = outbox_connection()
    return connection if connection.in_atomic_block else None


def _open_transaction() -> BaseDatabaseWrapper | None:
    opened = connections.all(initialized_only=True)
    return next((connection for connection in opened if connection.in_atomic_block), None)
