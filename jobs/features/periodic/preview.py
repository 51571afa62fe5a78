"""The ticks to come, in the zone in which people think of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from jobs.features.periodic.times import Cron, Schedule
from jobs.features.periodic.zones import zone
from jobs.moment import moment

#: Most ticks of a preview.
MOST_TICKS = 100


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick to come, in the zone of its schedule.

    `is_on_change`: the clocks change on that day.
    """

    at: datetime
    is_on_change: bool


def preview(schedule: Schedule, count: int, after: float) -> Iterator[Tick]:
    """Yield the next ticks after a moment in epoch seconds, 100 at most."""
    at: int | None = int(after * 1000)
    for _ in range(min(count, MOST_TICKS)):
        at = None if at is None else schedule.next_after(at)
        if at is None:
            return
        local = local_time(schedule, at / 1000)
        yield Tick(local, _is_on_change(local))


def local_time(schedule: Schedule, epoch_seconds: float) -> datetime:
    """Return a moment in the zone in which people think of a schedule."""
    name = schedule.timezone if isinstance(schedule, Cron) else settings.TIME_ZONE
    return moment(epoch_seconds).astimezone(zone(name) or ZoneInfo("UTC"))


def _is_on_change(at: datetime) -> bool:
    """Tell whether the clocks change on the day of a moment."""
    begin = at.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return begin.utcoffset() != (begin + timedelta(days=1)).utcoffset()
