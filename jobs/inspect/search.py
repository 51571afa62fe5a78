"""Looks for jobs wherever they are: in what runs, and in every set."""

import time
from dataclasses import dataclass, replace
from typing import Literal

from jobs.inspect.at_work import JobAtWork, at_work
from jobs.inspect.filter import Filter
from jobs.inspect.job_sets import MOST_PAGE_BYTES, PATIENCE, Effort, job_set
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

    All places together have the time and the bytes of one page of `job_set`, two seconds and 2 MB.
    A place that took longer than its share leaves less for those behind it. What each of them costs
    is told there and at `at_work`, of which the 200 longest runs are looked through.
    """
    reader = reader or get_reader()
    deadline = time.monotonic() + PATIENCE
    found = [_running(jobs, limit, reader)]
    sets = [place for place in PLACES if place != "running"]
    for n, name in enumerate(sets):
        seconds = max(0.0, deadline - time.monotonic()) / (len(sets) - n)
        effort = Effort(seconds, MOST_PAGE_BYTES // len(sets))
        page = job_set(name, jobs, limit=limit, reader=reader, effort=effort)
        has_more = page.is_bounded or (bool(page.jobs) and bool(page.next))
        found.append(Hits(name, page.jobs, page.total, page.searched, has_more))
    return tuple(hits for hits in found if hits.jobs or hits.has_more)


def _running(jobs: Filter, limit: int, reader: Reader) -> Hits:
    """Return the running jobs that match.

    Of a payload that is too long to be read here the heartbeat tells the class, and nothing more.
    """
    looked_at = at_work(limit=MOST_RUNNING, reader=reader)
    records = [_named(each, each.record) for each in looked_at.jobs if each.record is not None]
    of_queue = [job for job in records if jobs.queue in {"", job.queue}]
    matching = [job for job in of_queue if jobs.matches(job)]
    known = Filter(job_class=jobs.job_class, job_id=jobs.job_id)
    unread = [job for job in of_queue if _is_unread(job) and known.matches(job)]
    left_out = len(unread) - sum(map(_is_unread, matching))
    has_more = len(matching) > limit or looked_at.pages > 1 or left_out > 0
    searched = len(records) - left_out
    return Hits("running", tuple(matching[:limit]), looked_at.total, searched, has_more)


def _is_unread(job: JobRecord) -> bool:
    return bool(job.fault) and job.is_trusted


def _named(job: JobAtWork, record: JobRecord) -> JobRecord:
    """Return a record under a class.

    The worker tells it where the payload cannot be read.
    """
    if not record.fault or record.job_class:
        return record
    return replace(record, payload=record.payload.changed(job_class=job.running.job_class))
