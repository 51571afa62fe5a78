"""The ticks of schedules, which a test lets fire one by one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge

from django.utils import timezone

from jobs.conf import get_settings
from jobs.features.periodic.entries import Entry, entries
from jobs.features.periodic.preview import local_time
from jobs.job import Job
from jobs.occasion import Occasion
from jobs.payload import Payload, decode
from jobs.protection import opened
from jobs.registry import registry
from jobs.testing.fake_job import FakeJob
from jobs.testing.fake_queue import FakeQueue
from jobs.testing.modes import collection

#: Most ticks that are told at once.
MOST_TICKS = 10_000


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment at which a schedule fires, in the zone of that schedule.

    `name` is that of its entry: the name of the class, with that of the schedule if it has one.
    """

    at: datetime
    name: str
    job_class: type[Job]
    _entry: Entry

    def fire(self) -> Payload | None:
        """Collect the job of this tick, as if its moment were now.

        The job sees it as `self.scheduled_at`. Return None where the schedule's `overlap` lets none
        be made, since the job before it has not ended. In fake mode only.
        """
        return _fire(collection(), self._entry, round(self.at.timestamp() * 1000))


def upcoming_ticks(
    within: timedelta, *, start: datetime | None = None, job_class: type[Job] | None = None
) -> list[Tick]:
    """Return which schedules fire within a time, the first one first.

    The time begins now, or at `start`. They are those on job classes, of one class or of all. Those
    that people keep in the database are not among them. Nothing fires: see `Tick.fire`. Raise
    AssertionError beyond 10,000 ticks.
    """
    begin = round((timezone.now() if start is None else start).timestamp() * 1000)
    end = begin + round(within.total_seconds() * 1000)
    wanted = None if job_class is None else registry.name_of(job_class)
    chosen = [entry for entry in entries() if wanted in {None, entry.job_class}]
    ticks: list[Tick] = []
    for at, _, entry in merge(*(_ticks(n, entry, begin, end) for n, entry in enumerate(chosen))):
        if len(ticks) == MOST_TICKS:
            raise AssertionError(
                f"More than {MOST_TICKS:,} ticks come within {within}: ask for less time, or for "
                "one job_class."
            )
        where = local_time(entry.schedule, at / 1000)
        ticks.append(Tick(where, entry.name, registry.find(entry.job_class), entry))
    return ticks


def _ticks(number: int, entry: Entry, begin: int, end: int) -> Iterator[tuple[int, int, Entry]]:
    """Yield the ticks after a moment, and no later than another.

    The numbers decide a tie.
    """
    at = entry.schedule.next_after(begin)
    while at is not None and at <= end:
        yield at, number, entry
        at = entry.schedule.next_after(at)


def _fire(queue: FakeQueue, entry: Entry, tick: int) -> Payload | None:
    """Do what `fire.lua` does."""
    last = queue.last_fired.get(entry.name, "")
    before, overlap = queue.waiting(last), entry.schedule.overlap
    is_in_the_way = before is not None or (overlap != "one_waiting" and queue.is_running(last))
    if overlap in {"skip", "one_waiting"} and is_in_the_way:
        return None
    if overlap == "cancel_other" and before is not None:
        queue.drop(before)
    job_id = entry.job_id(get_settings().namespace, tick)
    if queue.waiting(job_id) or queue.is_running(job_id):
        return None
    now = timezone.now().timestamp()
    due = now + (entry.due_at(tick) - tick) / 1000
    occasion = Occasion(entry.name, tick / 1000)
    raw = entry.payload(job_id, occasion, round(now * 1000), round(due * 1000))
    job = FakeJob(opened(decode(raw)), now, due)
    queue.keep(job)
    queue.last_fired[entry.name] = job_id
    return job.payload
