"""Which of the collected jobs are there.

That is decided in their order, as in Redis. Of unique jobs only one is there of each key. What is
looked for is found by id or key, so a test may collect thousands.
"""

from collections.abc import Iterable

from jobs.testing.fake_job import FakeJob


class Presence:
    """The jobs that are there, in places that are numbered."""

    def __init__(self, jobs: Iterable[FakeJob] = ()) -> None:
        """Take jobs in their order."""
        self._places: dict[int, FakeJob] = {}
        self._by_id: dict[str, int] = {}
        self._by_key: dict[str, list[int]] = {}
        self._next = 0
        #: In the order of a worker, None where that is not known.
        self._ranked: list[FakeJob] | None = None
        #: The jobs that another one keeps out, or has replaced, by id and by key.
        self._left_out: dict[str, list[FakeJob]] = {}
        for job in jobs:
            self.add(job)

    def jobs(self) -> list[FakeJob]:
        """Return the jobs, the oldest first."""
        return list(self._places.values())

    def ranked(self) -> list[FakeJob]:
        """Return the jobs in the order of a worker."""
        if self._ranked is None:
            self._ranked = sorted(self._places.values(), key=lambda job: job.rank)
        return self._ranked

    def find(self, job_id: str) -> FakeJob | None:
        """Return the job of an id."""
        place = self._by_id.get(job_id)
        return None if place is None else self._places[place]

    def holder(self, job: FakeJob) -> FakeJob | None:
        """Return the job that has the place which another asks for."""
        return self.find(job.payload.id) or self._of_key(job)

    def add(self, job: FakeJob) -> None:
        """Take a job in, where no other has its place."""
        if job.claim is None or not (job.is_barred or self.holder(job)):
            self._make_room(job)
            self._put(self._next, job)
            self._next += 1
            return
        before = None if job.stays_out else self._of_key(job)
        if before is None:
            self._leave_out(job)
            return
        job.take_over(before)
        place = self._by_id[before.payload.id]
        self.remove(before, keeps_place=True)
        self._put(place, job)
        self._leave_out(before)

    def forget_left_out(self, job: FakeJob) -> list[FakeJob]:
        """Forget the jobs that this one keeps out, and return them."""
        return [out for name in _names(job) for out in self._left_out.pop(name, ())]

    def remove(self, job: FakeJob, *, keeps_place: bool = False) -> None:
        """Let a job go."""
        place = self._by_id.pop(job.payload.id)
        if job.claim is not None and job.claim.key:
            self._by_key[job.claim.key].remove(place)
        if self._ranked is not None:
            self._ranked.remove(job)
        if not keeps_place:
            del self._places[place]

    def _put(self, place: int, job: FakeJob) -> None:
        self._places[place] = job
        self._by_id[job.payload.id] = place
        if job.claim is not None and job.claim.key:
            self._by_key.setdefault(job.claim.key, []).append(place)
        self._ranked = None

    def _leave_out(self, job: FakeJob) -> None:
        for name in _names(job):
            self._left_out.setdefault(name, []).append(job)

    def _of_key(self, job: FakeJob) -> FakeJob | None:
        return next((other for other in self._same_key(job) if other.keeps_out(job)), None)

    def _make_room(self, job: FakeJob) -> None:
        """Drop those whose time was over when this one was asked for."""
        for other in self._same_key(job):
            if other.had_expired(job):
                self.remove(other)
                self._leave_out(other)

    def _same_key(self, job: FakeJob) -> list[FakeJob]:
        key = job.claim.key if job.claim is not None else ""
        return [self._places[place] for place in self._by_key.get(key, ())]


def _names(job: FakeJob) -> set[str]:
    """Return what no two jobs may share: the id, and a key."""
    return {job.payload.id, job.claim.key if job.claim and job.claim.key else job.payload.id}
