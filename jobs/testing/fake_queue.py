"""The jobs that a test collected.

It knows which of them a rolled-back transaction has taken away.
"""

import threading
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
from jobs.testing.presence import Presence
from jobs.testing.room import check_room, parts


class FakeQueue:
    """A sink that collects jobs in memory.

    They go through JSON first, as on the way to Redis.
    """

    def __init__(self) -> None:
        """Start empty."""
        # Threads of a live server collect too.
        self._lock = threading.RLock()
        #: All that may be there, also what waits for a commit, the oldest first.
        self._jobs: list[FakeJob] = []
        #: What is there of them, None where that has to be decided anew.
        self._there: Presence | None = Presence()
        #: The lists of hooks that decided it. Django makes a new list when it drops a hook.
        self._decided_by: dict[int, tuple[BaseDatabaseWrapper, object]] = {}
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
        new = [self._made(job) for _, job in jobs]
        present = self._presence().jobs()
        before = Counter(job.payload.queue for job in present)
        after = Counter(job.payload.queue for job in Presence([*present, *new]).jobs())
        running = Counter(job.payload.queue for job in self._running.values())
        check_room(before + running, after - before)

    def _collect(
        self, jobs: list[tuple[str, NewJob]], connections: Sequence[BaseDatabaseWrapper]
    ) -> Duplicates:
        duplicates: Duplicates = {}
        for _, job in jobs:
            fake = self._made(job)
            if holder := self._barred_by(fake, waits=bool(connections)):
                duplicates[job.id] = holder
            else:
                fake.hooks = [CommitHook(each, self._forget) for each in connections]
                self.keep(fake)
        return duplicates

    def _barred_by(self, fake: FakeJob, *, waits: bool) -> str | None:
        """Return the job that keeps this one out, as far as that is known."""
        if fake.claim is None or not fake.stays_out:
            return None
        if waits and fake.claim.conflict != "raise":
            return None
        if fake.is_barred:
            return self._places.holder(fake.claim.key)
        holder = self._presence().holder(fake)
        return None if holder is None else holder.payload.id

    def keep(self, fake: FakeJob) -> None:
        """Put a job in."""
        with self._lock:
            for hook in fake.hooks:
                each = hook.connection
                self._decided_by.setdefault(id(each), (each, each.run_on_commit))
            self._put(fake)
            for seen in self.watchers:
                seen.append(fake)

    def _put(self, fake: FakeJob) -> None:
        with self._lock:
            self._jobs.append(fake)
            if self._there is not None:
                self._there.add(fake)

    # What is there

    def awaits_commit(self, job_id: str) -> bool:
        """Tell whether a job was collected in a transaction that is still open."""
        with self._lock:
            # The newest first: mostly it is asked for that.
            asked = (job for job in reversed(self._jobs) if job.payload.id == job_id)
            job = next(asked, None)
            return job is not None and job.awaits_commit and job.exists(standing_hooks([job]))

    def waiting(self, job_id: str) -> FakeJob | None:
        """Return a job that waits to be run."""
        return self._presence().find(job_id)

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
        return self._presence().jobs()

    def _presence(self) -> Presence:
        """Return what is there, as if all open transactions were committed."""
        with self._lock:
            by = self._decided_by.values()
            if self._there is None or any(each.run_on_commit is not hooks for each, hooks in by):
                standing = standing_hooks(self._jobs)
                self._there = Presence(job for job in self._jobs if job.exists(standing))
                connections = (hook.connection for job in self._jobs for hook in job.hooks)
                self._decided_by = {id(each): (each, each.run_on_commit) for each in connections}
            return self._there

    def _forget(self) -> None:
        """Let it be decided anew what is there, after a commit."""
        self._there = None

    def _made(self, job: NewJob) -> FakeJob:
        """Return a new job, due as Redis would have it."""
        now = time.time()
        is_relative = job.due.startswith("+")
        due = float(job.due) / 1e3 + (now if is_relative else 0.0)
        fake = FakeJob(opened(decode(job.payload)), now, due, job.claim)
        holder = self._places.holder(job.claim.key) if job.claim else None
        fake.is_barred = holder not in {None, job.id}
        return fake

    # Runs

    def take(self, is_wanted: Callable[[FakeJob], bool]) -> FakeJob | None:
        """Take the first of the wanted jobs, None if there is none.

        The highest priority comes first, then who was due first. What waits for a commit
        is not there yet.
        """
        with self._lock:
            ranked = self._presence().ranked()
            ready = (job for job in ranked if is_wanted(job) and not job.awaits_commit)
            taken = next(ready, None)
            if taken is None:
                return None
            self._go(taken)
            taken.was_taken = True
            self._running[taken.payload.id] = taken
            self._places.begin(taken.claim, taken.payload.id, taken.window_end - taken.age)
            return taken

    def _go(self, job: FakeJob) -> None:
        """Let a job go, and with it those that it keeps out."""
        there = self._presence()
        gone = {id(each) for each in (job, *there.forget_left_out(job))}
        there.remove(job)
        if len(gone) == 1:  # the way of most jobs
            self._jobs.remove(job)
        else:
            self._jobs = [each for each in self._jobs if id(each) not in gone]

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
        self._put(again)

    def drop(self, job: FakeJob) -> None:
        """Forget a job that waits."""
        with self._lock:
            self._go(job)

    def pass_time(self, seconds: float) -> None:
        """Let all that is here get so much older."""
        for job in (*self._jobs, *self._running.values()):
            job.age += seconds
        self._places.pass_time(seconds)

    def clear(self) -> None:
        """Forget all jobs, and all places."""
        self._jobs, self._there = [], Presence()
        self._places = Places()
        self._running.clear()
        self.last_fired.clear()


def _deciding(jobs: list[tuple[str, NewJob]]) -> Sequence[BaseDatabaseWrapper]:
    """Return the connections whose commits decide over jobs of one class."""
    if not jobs[0][1].is_kept:
        return to_wait_for()
    connection = outbox_connection()
    return (connection,) if connection.in_atomic_block else ()
