"""The jobs that run now, beside what their classes usually take.

The workers tell it in their heartbeats. So the number of commands does not grow with the jobs that
run. Only those on the page are looked up one by one.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from jobs.inspect.metrics import MOST_CLASSES
from jobs.inspect.reader import get_reader
from jobs.inspect.record import JobRecord, record_of_location
from jobs.inspect.usual import UsualTime, usual_times
from jobs.inspect.workers import RunningJob, Worker, workers
from jobs.store.job_reader import JobReader
from jobs.store.reader import Reader

#: Most jobs on one page.
PAGE_SIZE = 50
#: A job runs overlong once it has run so many times as long as 95 % of the runs of its class.
OVERLONG_FACTOR = 2
#: But not before it has run for so long. Seconds.
OVERLONG_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class JobAtWork:
    """A job in hand, by a worker's last heartbeat.

    `seconds` is how long it has run by Redis' clock. `usual` is what the runs of its class take,
    None where that is not known. `record` is the job as it may be shown. It is None until the job
    was looked up.
    """

    running: RunningJob
    worker: Worker
    seconds: float
    usual: UsualTime | None = None
    record: JobRecord | None = None

    @property
    def job_class(self) -> str:
        """The registered name of its class, empty where nobody tells it."""
        return self.running.job_class or (self.record.job_class if self.record else "")

    @property
    def part_of_usual(self) -> float:
        """How long it has run, as a part of its usual time.

        That is what 95 % of the runs of its class take at most.
        """
        return self.seconds / self.usual.p95 if self.usual and self.usual.p95 else 0.0

    @property
    def is_overlong(self) -> bool:
        """Whether it has run far longer than its class usually does."""
        return self.part_of_usual >= OVERLONG_FACTOR and self.seconds >= OVERLONG_SECONDS

    def has(self, words: str) -> bool:
        """Return whether it has each of these words.

        They are searched in its class, queue, id, worker and host.
        """
        job, worker = self.running, self.worker
        text = f"{job.job_class} {job.queue} {job.job_id} {worker.name} {worker.host}".lower()
        return all(word in text for word in words.lower().split())


@dataclass(frozen=True, slots=True)
class AtWork:
    """One page of the jobs that run.

    `found` match what was asked for, of `total` that the workers told of. A heartbeat lists at most
    1,000 jobs, and `unlisted` counts the others. It is 0 for those who do not see every queue.
    `page` is the number of this one, of `pages`.
    """

    jobs: tuple[JobAtWork, ...]
    found: int
    total: int
    unlisted: int = 0
    page: int = 1
    pages: int = 1


def _longest(job: JobAtWork) -> tuple[object, ...]:
    return (-job.seconds, job.running.job_id)


#: How a page may be sorted. Among equals the longest come first.
ORDERS: Mapping[str, Callable[[JobAtWork], tuple[object, ...]]] = {
    "longest": _longest,
    "unusual": lambda job: (-job.part_of_usual, *_longest(job)),
    "class": lambda job: (job.job_class, *_longest(job)),
    "queue": lambda job: (job.running.queue, *_longest(job)),
    "worker": lambda job: (job.worker.host, job.worker.name, *_longest(job)),
}


def at_work(
    words: str = "",
    order: str = "longest",
    *,
    page: int = 1,
    limit: int = PAGE_SIZE,
    reader: Reader | None = None,
    alive: Sequence[Worker] | None = None,
) -> AtWork:
    """Return a page of the jobs that run, sorted by one of ORDERS.

    A page that is none leads to the nearest. A job matches if its class, queue, id, worker and host
    together have every word. Jobs that have ended since the heartbeat are left out of the page,
    though still counted. It costs up to ten round trips, O(workers + limit), less those for `alive`
    workers that are known.
    """
    reader = reader or get_reader()
    alive = workers(reader) if alive is None else alive
    told = list(_told(alive, reader))
    found = [job for job in told if job.has(words)]
    needs_usual = order == "unusual"
    if needs_usual:
        found = _with_usual(found, reader)
    found.sort(key=ORDERS[order])
    pages = max(1, ceil(len(found) / limit))
    page = min(max(1, page), pages)
    shown = _looked_up(found[(page - 1) * limit : page * limit], reader)
    if not needs_usual:
        shown = _with_usual(shown, reader)
    return AtWork(tuple(shown), len(found), len(told), _unlisted(alive, reader), page, pages)


def _looked_up(jobs: Sequence[JobAtWork], reader: Reader) -> list[JobAtWork]:
    """Return those of these jobs that still run, with their records.

    It costs two round trips, O(jobs).
    """
    places = [(job.running.queue, job.running.job_id) for job in jobs]
    located = JobReader(reader).still_running(places)
    return [
        replace(job, record=record_of_location(located[place], place[1]).seen_with(reader.sight))
        for job, place in zip(jobs, places, strict=True)
        if place in located
    ]


def _told(alive: Iterable[Worker], reader: Reader) -> Iterator[JobAtWork]:
    now = reader.now()
    for worker in alive:
        for job in worker.running:
            yield JobAtWork(job, worker, max(0.0, now - job.since.timestamp()))


def _with_usual(jobs: Sequence[JobAtWork], reader: Reader) -> list[JobAtWork]:
    """Return the jobs with their usual times.

    Only those of the 100 most frequent classes are asked for.
    """
    counts = Counter(job.job_class for job in jobs)
    names = [name for name, _count in counts.most_common(MOST_CLASSES) if name]
    usual = usual_times(names, reader)
    return [replace(job, usual=usual.get(job.job_class)) for job in jobs]


def _unlisted(alive: Iterable[Worker], reader: Reader) -> int:
    if not reader.sight.sees_all_queues:
        return 0
    return sum(max(0, worker.busy - len(worker.running)) for worker in alive)
