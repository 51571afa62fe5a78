"""Looks for jobs wherever they are: in what runs, and in every set."""

from dataclasses import dataclass
from typing import Literal

from jobs.inspect.at_work import at_work
from jobs.inspect.filter import Filter
from jobs.inspect.job_sets import PATIENCE, job_set
from jobs.inspect.reader import get_reader
from jobs.inspect.record import JobRecord
from jobs.store.reader import Reader, SetName

#: Where jobs are looked for, the most pressing first.
PLACES: tuple[Literal["running"] | SetName, ...] = (
    "running",
    "retry",
    "dead",
    "scheduled",
    "ready",
    "done",
)
#: Most running jobs that are looked through, those that have run for longest.
MOST_RUNNING = 200


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found in one place, the first so many.

    `searched` jobs of `total` were looked through. `has_more`: there may be others.
    """

    place: Literal["running"] | SetName
    jobs: tuple[JobRecord, ...]
    total: int
    searched: int
    has_more: bool


def search(jobs: Filter, *, limit: int = 10, reader: Reader | None = None) -> tuple[Hits, ...]:
    """Return what matches in each place, where anything does or was left out.

    All places together have the time of one page of `job_set`, two seconds. What each of them costs
    is told there and at `at_work`, of which the 200 longest runs are looked through.
    """
    reader = reader or get_reader()
    found = [_running(jobs, limit, reader)]
    sets = [place for place in PLACES if place != "running"]
    for name in sets:
        page = job_set(name, jobs, limit=limit, reader=reader, patience=PATIENCE / len(sets))
        has_more = page.is_bounded or (len(page.jobs) == limit and bool(page.next))
        found.append(Hits(name, page.jobs, page.total, page.searched, has_more))
    return tuple(hits for hits in found if hits.jobs or hits.has_more)


def _running(jobs: Filter, limit: int, reader: Reader) -> Hits:
    looked_at = at_work(limit=MOST_RUNNING, reader=reader)
    records = [each.record for each in looked_at.jobs if each.record is not None]
    matching = [job for job in records if jobs.queue in {"", job.queue} and jobs.matches(job)]
    has_more = len(matching) > limit or looked_at.pages > 1
    return Hits("running", tuple(matching[:limit]), looked_at.total, len(records), has_more)
