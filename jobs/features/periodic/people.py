"""What people see of schedules, and what they may do with them.

The command `jobs schedules` and the page use it. It knows the schedules of the code here, and what
Redis knows of all.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from jobs.conf import get_settings, until_settings_change
from jobs.errors import ScheduleRefused
from jobs.features.periodic.entries import Entry, entries
from jobs.features.periodic.times import Cron, zone
from jobs.ids import new_job_id
from jobs.moment import moment
from jobs.occasion import Occasion
from jobs.store import Store
from jobs.store.questions import Asker, refusals_explained
from jobs.store.schedule_records import ScheduleRecord, read_schedules
from jobs.store.schedules import Schedules, Shot

#: Most ticks of a preview.
MOST_TICKS = 100


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick to come, in the zone of its schedule.

    `is_on_change`: the clocks change on that day.
    """

    at: datetime
    is_on_change: bool


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """One schedule, as the code here and Redis know it.

    `entry` is None where the code here does not know it, and `record` where no supervisor has
    announced it yet.
    """

    name: str
    queue: str
    entry: Entry | None
    record: ScheduleRecord | None

    @property
    def job_class(self) -> str:
        """The name of its job class."""
        return self.name.partition(":")[0]

    @property
    def clock(self) -> str:
        """When it ticks, as it is written.

        It is empty where that is not known.
        """
        return "" if self.entry is None else self.entry.schedule.when

    @property
    def state(self) -> str:
        """One of `on`, `paused`, `resting` and `new`.

        A schedule rests when the newest code does not know it. It is new until a supervisor has
        announced it.
        """
        if self.record is None:
            return "new"
        if self.record.is_resting:
            return "resting"
        return "paused" if self.record.is_paused else "on"

    def preview(self, count: int, after: float) -> list[Tick]:
        """Return the next ticks after a moment in epoch seconds."""
        return [] if self.entry is None else list(_preview(self.entry, count, after))


def views(asker: Asker) -> list[ScheduleView]:
    """Return all schedules of queues in sight, in the order of their names.

    Two round trips, O(schedules).
    """
    records = {record.name: record for record in read_schedules(asker)}
    known = {entry.name: entry for entry in entries() if asker.sight.sees_queue(entry.queue)}
    return [_view(name, known.get(name), records.get(name)) for name in sorted({*records, *known})]


def _view(name: str, entry: Entry | None, record: ScheduleRecord | None) -> ScheduleView:
    queue = record.queue if record else entry.queue if entry else ""
    return ScheduleView(name, queue, entry, record)


def find(name: str, asker: Asker) -> ScheduleView:
    """Return one schedule. Raise ScheduleRefused if there is none of this name."""
    for view in views(asker):
        if view.name == name:
            return view
    raise ScheduleRefused(name, "there is none of this name")


def pause(view: ScheduleView) -> None:
    """Skip every tick of a schedule from now on. One round trip.

    Raise ScheduleRefused for one that is not announced yet.
    """
    with refusals_explained():
        Schedules(get_store()).pause(_announced(view).queue, view.name)


def resume(view: ScheduleView) -> None:
    """Fire the ticks of a schedule again. One round trip.

    Raise ScheduleRefused for one that is not announced yet.
    """
    with refusals_explained():
        Schedules(get_store()).resume(_announced(view).queue, view.name)


def run_now(view: ScheduleView) -> str:
    """Make a job of a schedule now, beside its ticks, and return its id.

    It is made though the schedule is paused. Two round trips. Raise ScheduleRefused where the code
    here does not know the schedule, where the workers know it otherwise, and where the run before
    has not ended and `overlap` says that another has to wait for that.
    """
    record, entry = _announced(view), view.entry
    if entry is None:
        raise ScheduleRefused(view.name, "the code here does not know it")
    store = get_store()
    now = int(store.now() * 1000)
    job_id = new_job_id()
    occasion = Occasion(view.name, now / 1000, is_by_hand=True)
    shot = Shot(
        name=view.name,
        spec=entry.spec,
        cursor=None,
        tick=now,
        next=None,
        overlap=entry.schedule.overlap,
        job_id=job_id,
        payload=entry.payload(job_id, occasion, now),
        priority=entry.priority,
        due=now,
    )
    with refusals_explained():
        fired = Schedules(store).fire(record.queue, shot)
    if fired.word == "overlap":
        raise ScheduleRefused(view.name, "the run before has not ended")
    if fired.word != "fired":
        raise ScheduleRefused(view.name, "the workers know another version of it")
    return job_id


def forget(view: ScheduleView) -> None:
    """Delete all that Redis knows of a schedule that rests. Its jobs stay.

    Two round trips. Raise ScheduleRefused for one that does not rest.
    """
    record = _announced(view)
    if not record.is_resting:
        raise ScheduleRefused(view.name, "it does not rest, so it would be back at once")
    with refusals_explained():
        Schedules(get_store()).forget(record.queue, view.name)


def _announced(view: ScheduleView) -> ScheduleRecord:
    if view.record is None:
        raise ScheduleRefused(view.name, "no worker has announced it yet. Start one first")
    return view.record


def zone_of(entry: Entry) -> ZoneInfo:
    """Return the zone in which people think of a schedule."""
    schedule = entry.schedule
    name = schedule.timezone if isinstance(schedule, Cron) else settings.TIME_ZONE
    return zone(name) or ZoneInfo("UTC")


def _preview(entry: Entry, count: int, after: float) -> Iterator[Tick]:
    at: int | None = int(after * 1000)
    where = zone_of(entry)
    for _ in range(min(count, MOST_TICKS)):
        at = None if at is None else entry.schedule.next_after(at)
        if at is None:
            return
        local = moment(at / 1000).astimezone(where)
        yield Tick(local, _is_on_change(local))


def _is_on_change(at: datetime) -> bool:
    """Tell whether the clocks change on the day of a moment."""
    begin = at.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return begin.utcoffset() != (begin + timedelta(days=1)).utcoffset()


@until_settings_change
@functools.cache
def get_store() -> Store:
    """Return the store that people and listeners use."""
    found = get_settings()
    return Store(found.redis_url, found.namespace, timeout=found.enqueue_timeout)
