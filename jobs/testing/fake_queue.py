"""The jobs that a test collected.

It knows which of them a rolled-back transaction has taken away.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence

from django.db.backends.base.base import BaseDatabaseWrapper

from jobs.bounds import bounding
from jobs.commit import outbox_connection, to_wait_for
from jobs.payload import Payload, decode
from jobs.protection import opened
from jobs.store import Duplicates, NewJob
from jobs.store.whereabouts import Glance
from jobs.testing.fake_job import CommitHook, FakeJob, standing_hooks
from jobs.testing.places import Places
from jobs.testing.room import check_room, parts


class FakeQueue:
    """A sink that collects jobs in memory.

    They go through JSON first, as on the way to Redis.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._jobs: list[FakeJob] = []
        self._places = Places()
        #: The jobs that were taken and have not ended, by their ids.
        self._running: dict[str, FakeJob] = {}
        #: Who wants to see each job that is collected.
        self.watchers: list[list[FakeJob]] = []
        #: The last job of each schedule that fired, by its name.
        self.last_fired: dict[str, str] = {}

    # New jobs

    def send(self, jobs: list[tuple[str, NewJob]], *, after_commit: bool) -> Duplicates | None:
        """Collect jobs, and return which of those with a claim are duplicates.

        What cannot be enqueued for real is refused here too. Return None where only the commit
        tells. Raise QueueFull.
        """
        connections = _deciding(jobs) if after_commit else ()
        duplicates: Duplicates = {}
        for part in parts(jobs, self._check_room, is_whole=bool(connections)):
            duplicates |= self._collect(part, connections)
        return duplicates if duplicates or not connections else None

    def _check_room(self, jobs: list[tuple[str, NewJob]]) -> None:
        """Raise QueueFull where a queue would hold more than it may."""
        if not any(queue in bounding.bounds() for queue, _ in jobs):
            return
        new = [_made(job) for _, job in jobs]
        before = Counter(job.payload.queue for job in self._present())
        after = Counter(job.payload.queue for job in self._present(new))
        running = Counter(job.payload.queue for job in self._running.values())
        check_room(before + running, after - before)

    def _collect(
        self, jobs: list[tuple[str, NewJob]], connections: Sequence[BaseDatabaseWrapper]
    ) -> Duplicates:
        duplicates: Duplicates = {}
        for _, job in jobs:
            fake = _made(job)
            if holder := self._barred_by(fake, waits=bool(connections)):
                duplicates[job.id] = holder
            else:
                fake.hooks = [CommitHook(connection) for connection in connections]
                self.keep(fake)
        return duplicates

    def _barred_by(self, fake: FakeJob, *, waits: bool) -> str | None:
        """Return the job that keeps this one out, as far as that is known."""
        if fake.claim is None or not fake.stays_out:
            return None
        if waits and fake.claim.conflict != "raise":
            return None
        return self._holder(fake, self._present())

    def keep(self, fake: FakeJob) -> None:
        """Put a job in."""
        self._jobs.append(fake)
        for seen in self.watchers:
            seen.append(fake)
        if not fake.hooks:
            self._jobs = self._present()

    # What is there

    def awaits_commit(self, job_id: str) -> bool:
        """Tell whether a job was collected in a transaction that is still open."""
        standing = standing_hooks(self._jobs)
        asked = [job for job in self._jobs if job.payload.id == job_id]
        return any(job.awaits_commit and job.exists(standing) for job in asked)

    def waiting(self, job_id: str) -> FakeJob | None:
        """Return a job that waits to be run."""
        return next((job for job in self._present() if job.payload.id == job_id), None)

    def is_running(self, job_id: str) -> bool:
        """Tell whether a job was taken and has not ended."""
        return job_id in self._running

    def glance(self, job_id: str) -> Glance | None:
        """Return what there is to see of a job that waits or runs."""
        if running := self._running.get(job_id):
            return Glance("running", running.payload.encode())
        job = self.waiting(job_id)
        return None if job is None else Glance(job.whereabout, job.payload.encode())

    def jobs(self) -> list[FakeJob]:
        """Return what is enqueued, the oldest first."""
        return self._present()

    def _present(self, more: Sequence[FakeJob] = ()) -> list[FakeJob]:
        """Return the jobs that are there, as if all open transactions were committed.

        Of unique jobs only one is there of each key, as Redis would decide it in their order.
        """
        standing = standing_hooks(self._jobs)
        present: list[FakeJob] = []
        for job in (*self._jobs, *more):
            if not job.exists(standing):
                continue
            if job.claim is None:  # the way of most jobs
                present.append(job)
            elif not self._holder(job, present):
                present = [other for other in present if not other.makes_room(job)]
                present.append(job)
            elif not job.stays_out:
                place = next((n for n, o in enumerate(present) if o.holds(job.claim.key)), None)
                if place is not None:
                    job.take_over(present[place])
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

    # Runs

    def take(self, is_wanted: Callable[[FakeJob], bool]) -> FakeJob | None:
        """Take the first of the wanted jobs, None if there is none.

        The highest priority comes first, then who was due first. What waits for a commit
        is not there yet.
        """
        self._jobs = self._present()  # what is left out now must not come back later
        wanted = sorted(filter(is_wanted, self._jobs), key=lambda job: job.rank)
        taken = next((job for job in wanted if not job.awaits_commit), None)
        if taken is not None:
            self._jobs.remove(taken)
            taken.was_taken = True
            self._running[taken.payload.id] = taken
            self._places.begin(taken.claim, taken.payload.id, taken.window_end - taken.age)
        return taken

    def ended(self, job: FakeJob, *, is_dead: bool = False) -> None:
        """Note that a job that was taken runs no more."""
        self._running.pop(job.payload.id, None)
        self._places.end(job.claim, job.payload.id, is_dead=is_dead)

    def put_back(self, job: FakeJob, payload: Payload, seconds: float, *, passed: float) -> None:
        """Let a job that was taken run again, so many seconds later.

        It keeps its unique key, if that is not for its start. Of the wait some has `passed`.
        """
        self.ended(job)
        claim = job.claim if job.claim and job.claim.until != "start" else None
        now = time.time()
        again = FakeJob(payload, now, now + seconds, claim=claim, is_again=True, age=passed)
        again.window_end = job.window_end - job.age + passed
        again.expires_at = job.expires_at - job.age + passed
        self._jobs.append(again)

    def drop(self, job: FakeJob) -> None:
        """Forget a job that waits."""
        self._jobs = [other for other in self._present() if other is not job]

    def pass_time(self, seconds: float) -> None:
        """Let all that is here get so much older."""
        for job in (*self._jobs, *self._running.values()):
            job.age += seconds
        self._places.pass_time(seconds)

    def clear(self) -> None:
        """Forget all jobs, and all places."""
        self._jobs.clear()
        self._places = Places()
        self._running.clear()
        self.last_fired.clear()


def _deciding(jobs: list[tuple[str, NewJob]]) -> Sequence[BaseDatabaseWrapper]:
    """Return the connections whose commits decide over jobs of one class."""
    if not jobs[0][1].is_kept:
        return to_wait_for()
    connection = outbox_connection()
    return (connection,) if connection.in_atomic_block else ()


def _made(job: NewJob) -> FakeJob:
    """Return a new job, due as Redis would have it."""
    now = time.time()
    is_relative = job.due.startswith("+")
    due = float(job.due) / 1e3 + (now if is_relative else 0.0)
    return FakeJob(opened(decode(job.payload)), now, due, job.claim)
