"""The workers: the processes that run jobs, as each told in its last heartbeat."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from jobs.heartbeat import CLOCK_APART, Heartbeat
from jobs.inspect.reader import get_reader
from jobs.moment import moment
from jobs.store.reader import Reader
from jobs.store.sight import Sight


@dataclass(frozen=True, slots=True)
class RunningJob:
    """A job that a worker ran at its last heartbeat, and since when.

    The class is empty where a worker of an older version does not tell it.
    """

    job_id: str
    queue: str
    since: datetime
    job_class: str = ""


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker process, as it was at `beat_at`.

    What ran then may have ended since. `busy` of its `concurrency` threads ran jobs.
    Coroutines count in `busy` too, and may take it beyond the number of threads. All
    times are by Redis' clock, also where the clock of the worker's host is wrong.
    `started_at` is None where the heartbeat does not tell it.

    `quiet_since` is when it was first seen to take no more jobs. `leaves_for` is why it
    is being replaced: `memory`, `jobs` or `overdue`, and empty if it is not.
    `stands_since` is when its loop that fetches jobs last turned, None while it need
    not turn. `clock_behind_seconds` is what its clock lacks to Redis'; with that it has
    been wrong since `clock_apart_since`.
    """

    name: str
    host: str
    pid: int
    queues: tuple[str, ...]
    concurrency: int
    busy: int
    running: tuple[RunningJob, ...]
    is_quiet: bool
    is_stopping: bool
    started_at: datetime | None
    beat_at: datetime
    peak_memory_bytes: int
    quiet_since: datetime | None = None
    stands_since: datetime | None = None
    clock_behind_seconds: float = 0.0
    clock_apart_since: datetime | None = None
    leaves_for: str = ""

    @property
    def takes_jobs(self) -> bool:
        """Whether it serves queues and is not quiet."""
        return bool(self.queues) and not self.is_quiet and not self.is_stopping


def workers(reader: Reader | None = None) -> list[Worker]:
    """Return the workers that gave a sign of life within the last minute.

    Where heartbeats are slow, it is within the last six of them. The oldest comes
    first. A worker that stops or is killed is gone as soon as its supervisor has seen
    to its jobs. Only a worker whose whole machine died is shown until that time is
    over. A reader that sees only some queues shows the workers that serve them.

    What cannot be read of a heartbeat is left at its default. It is noted in `reader.problems`,
    unless the worker serves other queues too. It costs three round trips, O(workers).
    """
    reader = reader or get_reader()
    found = []
    for name, stored in reader.workers().items():
        beat = Heartbeat.from_hash(stored.facts)
        worker = _seen_with(reader.sight, _worker(name, stored.seen_at, beat))
        if worker is not None:
            found.append(worker)
            if all(map(reader.sight.sees_queue, beat.queues)):  # a fault may quote another queue
                _note_faults(name, beat, reader)
    return sorted(found, key=lambda worker: (worker.started_at or worker.beat_at, worker.name))


def _seen_with(sight: Sight, worker: Worker) -> Worker | None:
    """Return a worker as it may be shown.

    It is None if it serves no queue that may be seen. Nothing of any other queue is
    shown of it. Threads are those of the whole worker.
    """
    if sight.sees_all_queues:
        return worker
    queues = tuple(filter(sight.sees_queue, worker.queues))
    running = tuple(job for job in worker.running if sight.sees_queue(job.queue))
    return replace(worker, queues=queues, running=running) if queues or running else None


def _note_faults(name: str, beat: Heartbeat, reader: Reader) -> None:
    for fault in beat.faults:
        reason = _("The heartbeat cannot be read: %(fault)s.") % {"fault": fault}
        remedy = _("It goes away by itself within a minute unless that worker writes it again.")
        reader.note(reader.store.shared.worker(name), reason, remedy)


def _worker(name: str, seen_at: float, beat: Heartbeat) -> Worker:
    clock = _Clock(seen_at, beat.beat_at)
    running = [
        RunningJob(job.job_id, job.queue, clock.read(job.since), job.job_class)
        for job in beat.running
    ]
    return Worker(
        name=name,
        host=beat.host,
        pid=beat.pid,
        queues=beat.queues,
        concurrency=beat.concurrency,
        busy=beat.busy,
        running=tuple(running),
        is_quiet=beat.is_quiet,
        is_stopping=beat.is_stopping,
        started_at=clock.read_if_told(beat.started_at),
        beat_at=moment(seen_at),
        peak_memory_bytes=beat.peak_memory_bytes,
        quiet_since=clock.read_if_told(beat.quiet_since),
        stands_since=clock.read_if_told(beat.stands_since),
        clock_behind_seconds=clock.behind,
        leaves_for=beat.leaves_for,
        clock_apart_since=None if beat.apart_since is None else moment(beat.apart_since),
    )


class _Clock:
    """Turns times by the clock of a worker's host into times by Redis' clock."""

    def __init__(self, seen_at: float, beat_at: float | None) -> None:
        """Take when Redis got a heartbeat, and when the worker says it sent it."""
        self.behind = 0.0
        if beat_at is not None and abs(seen_at - beat_at) > CLOCK_APART:
            self.behind = seen_at - beat_at

    def read(self, at: float) -> datetime:
        return moment(at + self.behind)

    def read_if_told(self, at: float | None) -> datetime | None:
        return None if at is None else self.read(at)
