"""What `jobs top` has seen at one moment, and the picture of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from jobs import inspect
from jobs.errors import StoreUnavailable
from jobs.inspect import AtWork, JobAtWork, Queue, Stats
from jobs.inspect.stats import COUNTS
from jobs.management.live_terminal import Line
from jobs.management.terminal import (
    JOB_HEADERS,
    NO_WORKER,
    WORKER_HEADERS,
    counted,
    job_row,
    latency,
    printable,
    problem_line,
    queue_numbers,
    table,
    worker_row,
)
from jobs.problem import Problem

#: Most running jobs of one look, and most of a picture that is printed.
MOST_LOOKED_UP, MOST_PRINTED = 100, 20
#: Most lines about what could not be read.
MOST_PROBLEMS = 3
#: The fewest rows of a table that a small screen has room for.
FEWEST_ROWS = 3


@dataclass(frozen=True, slots=True)
class Look:
    """Queues, workers and running jobs at a moment.

    `trouble` says why there are none.
    """

    at: datetime
    stats: Stats = field(default_factory=lambda: Stats((), ()))
    rates: Mapping[str, float] = field(default_factory=dict)
    at_work: AtWork = field(default_factory=lambda: AtWork((), 0, 0))
    problems: Sequence[Problem] = ()
    trouble: str = ""

    @property
    def queues(self) -> list[Queue]:
        """The queues that something uses."""
        left = self.stats.left_queues if self.stats.queues else frozenset()
        return [queue for queue in self.stats.queues if queue.name not in left]


@dataclass(frozen=True, slots=True)
class Room:
    """How many rows each table may have. None is any number."""

    queues: int | None = None
    workers: int | None = None
    jobs: int | None = MOST_PRINTED

    @classmethod
    def on(cls, lines: int, look: Look) -> "Room":
        """Share the lines of a screen among the tables.

        Most of them are for the running jobs.
        """
        titles = 3 + 3 * 2 + min(len(look.problems), MOST_PROBLEMS)  # and the foot
        spare = lines - titles
        queues = min(len(look.queues), max(FEWEST_ROWS, spare // 3))
        workers = min(len(look.stats.workers), max(1, spare // 5))
        return cls(queues, workers, max(FEWEST_ROWS, spare - queues - max(1, workers)))


def look(words: str = "", order: str = "longest") -> Look:
    """Look at everything.

    It costs what `stats`, `queue_rates` and `at_work` cost together.
    """
    at = timezone.localtime()
    reader = inspect.get_reader()
    try:
        stats = inspect.stats(reader)
        rates = inspect.queue_rates([queue.name for queue in stats.queues], reader)
        at_work = inspect.at_work(
            words, order, limit=MOST_LOOKED_UP, reader=reader, alive=stats.workers
        )
    except StoreUnavailable as error:
        return Look(at, trouble=str(error))
    return Look(at, stats, rates, at_work, reader.problems)


def picture(look: Look, room: Room, queue: str = "", job_id: str = "") -> Iterator[Line]:
    """Yield the lines of a picture.

    The row of one queue or job may be chosen.
    """
    at = f"{look.at:%H:%M:%S}"
    if look.trouble:
        yield Line(printable(f"{at}  {look.trouble}"))
        return
    stats = look.stats
    at_work = f"{stats.busy:,} of {counted(stats.threads, 'thread')} busy"
    yield Line(f"{at}  {stats.processed:,} processed, {stats.failed:,} failed, {at_work}")
    yield from map(Line, map(problem_line, look.problems[:MOST_PROBLEMS]))
    yield Line("")
    yield from _queues(look, room.queues, queue)
    yield Line("")
    yield from _workers(stats, room.workers)
    yield from _jobs(look.at_work, room.jobs, job_id)


def _queues(look: Look, most: int | None, chosen: str) -> Iterator[Line]:
    names = [queue.name for queue in look.queues]
    rows = [
        [*queue_numbers(queue, COUNTS), f"{look.rates[queue.name]:,.1f}", latency(queue)]
        for queue in look.queues
    ]
    headers = ("Queue", *COUNTS, "Per second", "Latency")
    yield from _table(headers, rows, most, _index(names, chosen))


def _workers(stats: Stats, most: int | None) -> Iterator[Line]:
    if not stats.workers:
        yield Line(NO_WORKER)
        return
    yield from _table(WORKER_HEADERS, list(map(worker_row, stats.workers)), most, None)


def _jobs(at_work: AtWork, most: int | None, chosen: str) -> Iterator[Line]:
    yield Line("")
    if not at_work.jobs:
        yield Line("No job runs." if not at_work.total else "No running job matches.")
        return
    ids = [job.running.job_id for job in at_work.jobs]
    rows = [job_row(job) for job in at_work.jobs]
    yield from _table(JOB_HEADERS, rows, most, _index(ids, chosen), total=at_work.found)


def _table(
    headers: Sequence[str],
    rows: Sequence[Sequence[object]],
    most: int | None,
    chosen: int | None,
    total: int = 0,
) -> Iterator[Line]:
    """Yield the lines of a table.

    If it is too long, that part of it is shown which holds the chosen row.
    """
    if not rows:
        return
    most = len(rows) if most is None else most
    last_start = max(0, len(rows) - most)
    start = min(max(0, (chosen or 0) - most // 2), last_start)
    shown = rows[start : start + most]
    total = max(total, len(rows))
    title = headers[0]
    if len(shown) < total:
        title += f" {start + 1}–{start + len(shown)} of {total:,}"
    head, *lines = table((title, *headers[1:]), shown)
    yield Line(head)
    for n, line in enumerate(lines, start):
        yield Line(line, is_chosen=n == chosen)


def _index(names: Sequence[str], chosen: str) -> int | None:
    return names.index(chosen) if chosen in names else None


def job_of(look: Look, job_id: str) -> JobAtWork | None:
    """Return the running job of this id, None if it was not seen."""
    return next((job for job in look.at_work.jobs if job.running.job_id == job_id), None)
