"""What people see of schedules, and what they may do with them.

The command `jobs schedules` and the page use it. It knows the schedules of the code here, and what
Redis knows of all.
"""

import json
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from jobs.client import get_client
from jobs.errors import InvalidArguments, JobsError, ScheduleRefused
from jobs.features.periodic.clockwork import cancel_previous
from jobs.features.periodic.entries import Entry, entries
from jobs.features.periodic.kept import (
    entry_of,
    overridden,
    queue_of,
    schedule_of,
)
from jobs.features.periodic.preview import Tick, preview
from jobs.ids import new_job_id
from jobs.occasion import Occasion
from jobs.store.kept_schedules import KeptSchedules
from jobs.store.questions import Asker, refusals_explained
from jobs.store.schedule_home import KEPT, Home, Kept, class_of, is_kept
from jobs.store.schedule_records import ScheduleRecord, read_home, records
from jobs.store.schedules import Schedules, Shot


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """One schedule, as the code here and Redis know it.

    `entry` is None where the code here does not know it, and `record` where no supervisor has
    announced it yet. `by_code` is the entry as the code has it, where people have overridden its
    time. `trouble` says why the code here cannot fire an entry of the database.
    """

    name: str
    queue: str
    entry: Entry | None
    record: ScheduleRecord | None
    by_code: Entry | None = None
    trouble: str = ""

    @property
    def job_class(self) -> str:
        """The name of its job class."""
        return class_of(self.name)

    @property
    def is_kept(self) -> bool:
        """Whether it is one of the database."""
        return is_kept(self.name)

    @property
    def own_name(self) -> str:
        """What the database calls it, empty for one of the code."""
        return self.name.partition(KEPT)[2]

    @property
    def clock(self) -> str:
        """When it ticks, as it is written.

        It is empty where that is not known.
        """
        return "" if self.entry is None else self.entry.schedule.when

    @property
    def state(self) -> str:
        """One of `on`, `paused`, `resting`, `off` and `new`.

        A schedule rests when the newest code does not know it. It is new until a supervisor has
        announced it. One of the database is off when somebody has switched it off. It rests too
        where it cannot be fired.
        """
        if self.entry is not None and not self.entry.is_on:
            return "off"
        if self.record is None:
            return "resting" if self.trouble else "new"
        if self.record.is_off:
            return "off"
        if self.record.is_resting or self.trouble:
            return "resting"
        return "paused" if self.record.is_paused else "on"

    def preview(self, count: int, after: float) -> list[Tick]:
        """Return the next ticks after a moment in epoch seconds."""
        return [] if self.entry is None else list(preview(self.entry.schedule, count, after))


def views(asker: Asker) -> list[ScheduleView]:
    """Return all schedules of queues in sight, in the order of their names.

    Two round trips, O(schedules).
    """
    home = read_home(asker)
    known = {record.name: record for record in records(asker, home)}
    sees_arguments = asker.sight.sees_arguments
    found = {
        name: _view(name, home, known.get(name), sees_arguments=sees_arguments)
        for name in {*known, *home.kept}
    }
    for entry in entries():
        found[entry.name] = _view_of_code(entry, home, known.get(entry.name))
    in_sight = [view for view in found.values() if asker.sight.sees_queue(view.queue)]
    return sorted(in_sight, key=lambda view: view.name)


def _view_of_code(entry: Entry, home: Home, record: ScheduleRecord | None) -> ScheduleView:
    now = overridden(entry, home.overrides.get(entry.name))
    queue = record.queue if record else entry.queue
    return ScheduleView(entry.name, queue, now, record, by_code=entry if now != entry else None)


def _view(
    name: str, home: Home, record: ScheduleRecord | None, *, sees_arguments: bool
) -> ScheduleView:
    """Return a schedule that stands in no code here.

    It is one of the database, or one that rests. What is wrong with its arguments may quote them.
    """
    kept = home.kept.get(name)
    if kept is None:
        return ScheduleView(name, record.queue if record else "", None, record)
    try:
        entry = entry_of(name, kept)
    except JobsError as error:
        is_hidden = isinstance(error, InvalidArguments) and not sees_arguments
        trouble = _("perform does not take its arguments.") if is_hidden else str(error)
        queue = record.queue if record else _queue_of(kept)
        return ScheduleView(name, queue, None, record, trouble=trouble)
    return ScheduleView(name, record.queue if record else entry.queue, entry, record)


def _queue_of(kept: Kept) -> str:
    try:
        return queue_of(kept)
    except JobsError:
        return ""


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
        Schedules(get_client().store).pause(_announced(view).queue, view.name)


def resume(view: ScheduleView) -> None:
    """Fire the ticks of a schedule again. One round trip.

    Raise ScheduleRefused for one that is not announced yet.
    """
    with refusals_explained():
        Schedules(get_client().store).resume(_announced(view).queue, view.name)


def run_now(view: ScheduleView) -> str:
    """Make a job of a schedule now, beside its ticks, and return its id.

    It is made though the schedule is paused. Two round trips. Raise ScheduleRefused where the code
    here does not know the schedule, where the workers know it otherwise, and where the run before
    has not ended and `overlap` says that another has to wait for that.
    """
    record, entry = _announced(view), view.entry
    if entry is None:
        raise ScheduleRefused(view.name, "the code here does not know it")
    store = get_client().store
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
        cancel_previous(store, fired)
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
    if view.is_kept:
        raise ScheduleRefused(view.name, "it is kept in the database. Delete it in the admin")
    with refusals_explained():
        Schedules(get_client().store).forget(record.queue, view.name)


def override(view: ScheduleView, clock: dict[str, Any]) -> None:
    """Give a schedule of the code another time, until it changes there.

    `clock` is {"cron": …, "timezone": …} or {"every": seconds}. Supervisors see it within ten
    seconds. One round trip. Raise InvalidJob for what is no time, and ScheduleRefused for a
    schedule of the database, and where the workers know another version of it.
    """
    schedule_of(clock)
    _override(view, json.dumps(clock, sort_keys=True))


def take_back(view: ScheduleView) -> None:
    """Let a schedule tick by the time of the code again.

    One round trip. Raise ScheduleRefused where nobody has overridden it.
    """
    if view.by_code is None:
        raise ScheduleRefused(view.name, "nobody has given it another time")
    _override(view, "")


def _override(view: ScheduleView, document: str) -> None:
    entry = view.by_code or view.entry
    if view.is_kept:
        raise ScheduleRefused(view.name, "it is kept in the database. Change it in the admin")
    if entry is None:
        raise ScheduleRefused(view.name, "the code here does not know it")
    _announced(view)
    with refusals_explained():
        is_done = KeptSchedules(get_client().store).override(view.name, entry.spec, document)
    if not is_done:
        raise ScheduleRefused(view.name, "the workers know another version of it")


def _announced(view: ScheduleView) -> ScheduleRecord:
    if view.record is None:
        raise ScheduleRefused(view.name, "no worker has announced it yet. Start one first")
    return view.record
