"""The modes of a test: what becomes of the jobs that it enqueues.

`fake` collects them, `inline` runs them as they are enqueued, `real` pushes them to Redis. In each
mode arguments are checked and go through JSON, and the configured middleware takes part. Only
`real` needs a Redis, also for locks, limits, results and progress.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Literal, get_args

from jobs import returns
from jobs.abilities import abilities
from jobs.enqueue import options_of
from jobs.errors import Discard, Snooze
from jobs.features.limits import desks
from jobs.features.periodic import mirror
from jobs.features.progress import telling
from jobs.features.results import desks as results
from jobs.job import Job
from jobs.payload import Payload, decode
from jobs.registry import registry
from jobs.run import job_of, run_payload
from jobs.sink import RedisSink, Sink, switch
from jobs.store import Claim, Duplicates, NewJob
from jobs.testing import endings
from jobs.testing.fake_queue import FakeQueue
from jobs.testing.places import Places, window_of
from jobs.testing.room import check_room, parts

Mode = Literal["fake", "inline", "real"]


class InlineSink:
    """Runs jobs as they are enqueued.

    It does not wait for a commit, since a TestCase never makes one. Errors are raised. A unique
    job has its place while it runs, or for its window.
    """

    def __init__(self) -> None:
        """Start with all places free."""
        self._places = Places()
        self._running: Counter[str] = Counter()

    def send(self, jobs: list[tuple[str, NewJob]], *, after_commit: bool) -> Duplicates | None:
        """Run the jobs, and return which of those with a claim are duplicates.

        Raise QueueFull for more at once than a queue may hold.
        """
        duplicates: Duplicates = {}
        for part in parts(jobs, self._check_room, is_whole=False):
            for _, job in part:
                if holder := self._holder(job):
                    duplicates[job.id] = holder
                else:
                    self._run(decode(job.payload), job.claim)
        return duplicates

    def _check_room(self, jobs: list[tuple[str, NewJob]]) -> None:
        check_room(self._running, Counter(queue for queue, job in jobs if not self._holder(job)))

    def _holder(self, job: NewJob) -> str | None:
        return self._places.holder(job.claim.key) if job.claim else None

    def _run(self, payload: Payload, claim: Claim | None) -> None:
        self._places.begin(claim, payload.id, time.time() + window_of(claim))
        self._running[payload.queue] += 1
        is_dead = True
        try:
            _run(payload)
            is_dead = False
        finally:
            self._running[payload.queue] -= 1
            self._places.end(claim, payload.id, is_dead=is_dead)

    def pass_time(self, seconds: float) -> None:
        """Let windows end so much sooner."""
        self._places.pass_time(seconds)

    def awaits_commit(self, job_id: str) -> bool:
        """Tell that no job waits for a commit here."""
        return False


@contextmanager
def mode(name: Mode) -> Iterator[None]:
    """Use a mode inside the `with` block.

    Jobs that were collected before it are still collected after it. In fake and inline mode locks
    and limits are kept in this process, and all are free when the block begins. So are results and
    progress, of which there is none yet. Schedules in the database are saved, and not mirrored
    into Redis.
    """
    if name not in get_args(Mode):
        raise ValueError(f"The modes are fake, inline and real, not {name!r}.")
    sinks: dict[str, Callable[[], Sink]] = {
        "fake": FakeQueue,
        "inline": InlineSink,
        "real": RedisSink,
    }
    before = switch.current, desks.switch.current, results.switch.current
    is_mirrored, tell = mirror.switch.is_on, abilities.progress
    mirror.switch.is_on = name == "real"
    switch.current = sink = sinks[name]()
    desks.switch.current = desks.in_redis if name == "real" else desks.in_memory()
    results.switch.current = results.in_redis if name == "real" else _results_of(sink)
    abilities.progress = telling.tell if name == "real" else endings.tell
    try:
        yield
    finally:
        switch.current, desks.switch.current, results.switch.current = before
        mirror.switch.is_on, abilities.progress = is_mirrored, tell


def _results_of(sink: Sink) -> Callable[[], results.Desk]:
    """Return what finds the results of this mode, which a test keeps in memory."""
    waits = sink.glance if isinstance(sink, FakeQueue) else lambda job_id: None
    desk = results.MemoryDesk(waits)
    return lambda: desk


def enqueued_jobs(job_class: type[Job] | None = None) -> list[Payload]:
    """Return the payloads of the collected jobs of one class or of all.

    The oldest is the first. Jobs are collected in fake mode only.
    """
    return [job.payload for job in collection().jobs() if is_of(job_class, job.payload)]


def clear() -> None:
    """Forget the collected jobs, in fake mode."""
    collection().clear()


def pass_time(duration: timedelta) -> None:
    """Let all jobs get so much older, without waiting.

    What was enqueued was enqueued so much earlier then. So scheduled jobs, retries and debounced
    jobs come due, jobs and results expire, and windows of unique jobs end. The clock of the process
    stays as it is: `timezone.now()` in your code is as before. Locks that are held stay held, since
    whoever lives renews them. Raise AssertionError in real mode, where Redis has the clock.
    """
    seconds = duration.total_seconds()
    if seconds < 0:
        raise ValueError(f"Time passes forwards only, not by {duration}.")
    sink = switch.current
    if not isinstance(sink, FakeQueue | InlineSink):
        raise AssertionError("Time can pass in fake and inline mode only: Redis has its own clock.")  # noqa: TRY004  # as below
    sink.pass_time(seconds)
    endings.pass_time(seconds)


def collection() -> FakeQueue:
    """Return the queue that collects jobs. Raise AssertionError outside of fake mode."""
    if not isinstance(switch.current, FakeQueue):
        raise AssertionError(  # noqa: TRY004  # a test that asks for it has failed
            "Jobs are collected in fake mode only: use jobs.testing.mode('fake')."
        )
    return switch.current


def is_of(job_class: type[Job] | None, payload: Payload) -> bool:
    """Tell whether a payload is one of this class.

    Without a class, all are.
    """
    return job_class is None or payload.job_class == registry.name_of(job_class)


def _run(payload: Payload) -> None:
    try:
        result = run_payload(payload)
    except Snooze:
        endings.snoozed(payload)
    except Discard as error:  # a worker would take it for what it is: no failure
        endings.keep(job_of(payload).record_of_discard(payload, error))
    else:
        options = options_of(registry.find(payload.job_class), payload)
        if returns.are_wanted(options):
            endings.keep(returns.kept(payload, options, result))
