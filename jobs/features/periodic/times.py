"""When something is to happen: `Cron` and `Every`, as values.

All times here are whole milliseconds since the epoch. Nothing here asks a clock.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple, get_args

from cronsim import CronSim
from django.conf import settings
from django.utils.translation import ngettext

from jobs.errors import InvalidJob
from jobs.features.periodic.expression import fault_of, fields_of
from jobs.features.periodic.zones import zone
from jobs.options import LONGEST
from jobs.text import brief, grouped

#: What becomes of a tick while the run before it has not ended.
Overlap = Literal["skip", "one_waiting", "allow", "cancel_other"]
OVERLAPS: tuple[Overlap, ...] = get_args(Overlap)
#: Missed ticks are counted up to this number.
MOST_MISSED = 1_000
#: A tick that is no later than this counts as in time, whatever `catch_up` says. In ms.
IN_TIME = 60_000
_MINUTE = 60_000


class Due(NamedTuple):
    """The latest tick that is due, and how many before it were missed."""

    tick: int
    missed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule(ABC):
    """What `Cron` and `Every` have in common.

    `args` and `kwargs` are those of `perform`. `name` tells several entries of one class apart.
    `overlap` says what becomes of a tick while the run before it has not ended. A tick that nobody
    fired is made up for if it is no older than `catch_up`. `jitter` spreads the runs: each is due
    up to so much later. Without a success for a period and a `margin` people are told.
    """

    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    overlap: Overlap = "skip"
    catch_up: timedelta = timedelta(hours=1)
    jitter: timedelta = timedelta(0)
    margin: timedelta = timedelta(minutes=10)

    def __post_init__(self) -> None:
        """Refuse what is wrong where it is written."""
        if self.overlap not in OVERLAPS:
            known = ", ".join(map(repr, OVERLAPS))
            raise self._wrong("overlap", f"one of {known}")
        for name in ("catch_up", "jitter", "margin"):
            value = getattr(self, name)
            if not _is_duration(value):
                raise self._wrong(name, "a timedelta from 0 to 100 years")
        if not isinstance(self.args, list | tuple):
            raise self._wrong("args", "a list of arguments of perform")
        if not isinstance(self.kwargs, dict):
            raise self._wrong("kwargs", "a dictionary of arguments of perform")
        if not isinstance(self.name, str):
            raise self._wrong("name", "a text")

    def _wrong(self, field_name: str, expected: str) -> InvalidJob:
        value = brief(getattr(self, field_name))
        return InvalidJob(f"{type(self).__name__}: {field_name} must be {expected}, not {value}.")

    @property
    @abstractmethod
    def clock(self) -> str:
        """The time expression and the zone, in one text.

        Workers compare it, so it stays the same from version to version.
        """

    @property
    def when(self) -> str:
        """The same for people."""
        return self.clock

    @abstractmethod
    def next_after(self, at: int) -> int | None:
        """Return the first tick after a moment, None if there is none."""

    @abstractmethod
    def latest(self, at: int) -> int:
        """Return the last tick at or before a moment."""

    def due(self, cursor: int, now: int) -> Due | None:
        """Return the latest tick after the cursor that is due, None if none is.

        The others between them were missed.
        """
        tick = self.next_after(cursor)
        if tick is None or tick > now:
            return None
        for missed in range(MOST_MISSED):
            following = self.next_after(tick)
            if following is None or following > now:
                return Due(tick, missed)
            tick = following
        return Due(max(tick, self.latest(now)), MOST_MISSED)


@dataclass(frozen=True, slots=True)
class Cron(Schedule):
    """Ticks by a cron expression in a time zone.

    For example `Cron("30 2 * * *", timezone="Europe/Berlin")`. The zone is that of the project by
    default. Times that the clocks jump over come right after the jump, and times that come twice
    are used once, as in Debian's cron. Raise InvalidJob.
    """

    expression: str
    timezone: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no expression, and a zone that does not exist."""
        Schedule.__post_init__(self)
        if not self.timezone:
            object.__setattr__(self, "timezone", settings.TIME_ZONE)
        if not _is_zone(self.timezone):
            raise InvalidJob(
                f"Cron: there is no time zone {brief(self.timezone)}. "
                'Write a name such as "Europe/Berlin" or "UTC".'
            )
        if not _is_text(self.expression):
            raise InvalidJob(f"Cron: {brief(self.expression)} is no cron expression, but no text.")
        if fault := fault_of(self.expression):
            raise InvalidJob(
                f"Cron: {brief(self.expression)} is no cron expression. {fault} "
                "A period is written as Every(timedelta(seconds=10))."
            )

    @property
    def _fields(self) -> str:
        return " ".join(fields_of(self.expression))

    @property
    def clock(self) -> str:
        """The expression and the zone."""
        return f"{self._fields} {self.timezone}"

    def next_after(self, at: int) -> int | None:
        """Return the first tick after a moment.

        It is None if there is none for 50 years.
        """
        begin, last = at, -1
        ticks = self._ticks_from(begin)
        # Of an hour that comes twice, cronsim names the first, which may be over.
        while (tick := next(ticks, None)) is not None and tick <= at:
            if tick <= last:
                # It goes round in circles, as where clocks go back from 03:45 to 02:45.
                begin += _MINUTE
                ticks = self._ticks_from(begin)
            last = tick
        return tick

    def _ticks_from(self, at: int) -> "map[int]":
        """Return ticks around a moment and after it, as cronsim names them."""
        start = datetime.fromtimestamp(at // 1000, zone(self.timezone) or UTC)
        return map(_ms_of, CronSim(self._fields, start))

    def latest(self, at: int) -> int:
        """Return the last tick at or before a moment.

        It is 0 if there is none since the epoch. Backwards, cronsim leaves out ticks when the
        clocks change, and in some zones it never ends. So this goes forward, from a moment that is
        found by halves.
        """
        back = _MINUTE
        while not self._ticks_between(at - back, at):
            back *= 2
            if back > at:
                return 0
        low, high = at - back, at
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._ticks_between(middle, at) else (low, middle)
        return self.next_after(low) or 0

    def _ticks_between(self, after: int, until: int) -> bool:
        tick = self.next_after(after)
        return tick is not None and tick <= until


@dataclass(frozen=True, slots=True)
class Every(Schedule):
    """Ticks at equal distances, aligned to the epoch.

    For example `Every(timedelta(minutes=5))`. So an hour ticks when each hour of UTC begins,
    whenever the code was deployed. The period is at least a second, in whole seconds. Raise
    InvalidJob.
    """

    period: timedelta

    def __post_init__(self) -> None:
        """Refuse what is no period."""
        Schedule.__post_init__(self)
        is_right = (
            _is_duration(self.period)
            and self.period >= timedelta(seconds=1)
            and not self.period.microseconds
        )
        if not is_right:
            raise self._wrong("period", "a timedelta of whole seconds, at least one")

    @property
    def _ms(self) -> int:
        return round(self.period.total_seconds() * 1000)

    @property
    def clock(self) -> str:
        """The period in seconds."""
        return f"every {self._ms // 1000} s"

    @property
    def when(self) -> str:
        """The period in whole units, in the language in use.

        The unit is the largest that needs no second one: `every day`, `every 90 minutes`.
        """
        return _period_in_words(self._ms // 1000)

    def next_after(self, at: int) -> int:
        """Return the first tick after a moment."""
        return (at // self._ms + 1) * self._ms

    def latest(self, at: int) -> int:
        """Return the last tick at or before a moment."""
        return at // self._ms * self._ms

    def due(self, cursor: int, now: int) -> Due | None:
        """Return the latest tick after the cursor that is due, None if none is."""
        tick = self.latest(now)
        if tick <= cursor:
            return None
        missed = (tick - self.next_after(cursor)) // self._ms
        return Due(tick, min(missed, MOST_MISSED))


def _period_in_words(seconds: int) -> str:
    size = next(unit for unit in (86_400, 3_600, 60, 1) if seconds % unit == 0)
    count = seconds // size
    words = {
        86_400: ngettext("every day", "every %(count)s days", count),
        3_600: ngettext("every hour", "every %(count)s hours", count),
        60: ngettext("every minute", "every %(count)s minutes", count),
        1: ngettext("every second", "every %(count)s seconds", count),
    }
    return words[size] % {"count": grouped(count)}


def _is_zone(value: object) -> bool:
    return isinstance(value, str) and zone(value) is not None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_duration(value: object) -> bool:
    return isinstance(value, timedelta) and timedelta(0) <= value <= LONGEST


def _ms_of(at: datetime) -> int:
    return round(at.timestamp() * 1000)
