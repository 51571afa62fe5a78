"""What Redis knows of periodic entries, for those who look.

One look at the home of all entries, and one at each queue that they name. What cannot be read
counts as not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from jobs.store.questions import Asker, Question
from jobs.store.reader import WHOLE
from jobs.store.schedule_home import Home, class_of, home_of, is_kept
from jobs.text import text_of


@dataclass(frozen=True, slots=True)
class ScheduledRun:
    """One tick as it was fired or skipped. Times are in ms.

    `word` is `fired` until the run ends, and then how it ended; or why the tick was skipped. `at`
    is when that was noted. `missed` ticks before it nobody fired.
    """

    tick: int
    job_id: str
    word: str
    at: int
    missed: int = 0


@dataclass(frozen=True, slots=True)
class ScheduleRecord:
    """One entry. Times are in ms by Redis' clock, None where there is none.

    `cursor` is the last tick that was handled and `next` the one after it. `owed` is the first tick
    since the last success, and `done` when that was. `took` is how long that run took since it was
    fired. `is_resting`: the newest code does not know the entry. `is_off`: people have switched off
    one of the database.
    """

    name: str
    queue: str
    cursor: int
    next: int | None
    owed: int | None
    done: int | None
    took: int
    margin: int
    fired: int
    is_paused: bool
    is_resting: bool
    is_off: bool
    runs: tuple[ScheduledRun, ...]

    @property
    def job_class(self) -> str:
        """The name of its job class."""
        return class_of(self.name)

    @property
    def late_at(self) -> int | None:
        """When people must be told that a run is missing, None for never.

        After a success that is a period and a margin later, since the next run may take as long as
        the last one did. One of the code that rests is not wanted any more. One of the database is,
        as long as nobody switches it off.
        """
        is_left = self.is_resting and not is_kept(self.name)
        if self.is_paused or self.is_off or is_left:
            return None
        tick = self.next if self.owed is None else self.owed
        return None if tick is None else tick + self.took + self.margin


def read_schedules(asker: Asker) -> list[ScheduleRecord]:
    """Return all entries of the queues in sight, by name.

    Two round trips, one where there are none. O(entries).
    """
    return records(asker, read_home(asker))


def read_home(asker: Asker) -> Home:
    """Return where all entries are at home, whatever is in sight.

    One round trip, O(entries).
    """
    [fields] = asker.ask([Question(asker.store.shared.schedules, "hgetall", default={})])
    return home_of(fields)


def records(asker: Asker, home: Home) -> list[ScheduleRecord]:
    """Return the entries that are at home in queues in sight.

    One round trip, O(entries).
    """
    queues = sorted({queue for queue in home.queues.values() if asker.sight.sees_queue(queue)})
    keys = [asker.store.keys(queue).schedules for queue in queues]
    answers = asker.ask([Question(key, "hgetall", default={}) for key in keys])
    fields = {
        queue: {text_of(name): value for name, value in answer.items()}
        for queue, answer in zip(queues, answers, strict=True)
    }
    return [
        _record(name, queue, fields[queue], home)
        for name, queue in sorted(home.queues.items())
        if queue in fields and f"cursor:{name}" in fields[queue]
    ]


def _record(name: str, queue: str, fields: Mapping[str, bytes], home: Home) -> ScheduleRecord:
    def number(kind: str) -> int | None:
        value = fields.get(f"{kind}:{name}", b"")
        return int(value) if WHOLE.fullmatch(value) else None

    return ScheduleRecord(
        name=name,
        queue=queue,
        cursor=number("cursor") or 0,
        next=number("next"),
        owed=number("owed"),
        done=number("done"),
        took=number("took") or 0,
        margin=number("margin") or 0,
        fired=number("fired") or 0,
        is_paused=fields.get(f"paused:{name}") == b"1",
        is_resting=home.rests(name),
        is_off=home.is_off(name),
        runs=_runs(text_of(fields.get(f"runs:{name}", b""))),
    )


def _runs(text: str) -> tuple[ScheduledRun, ...]:
    found = []
    for line in text.splitlines():
        parts = line.split(" ")
        numbers = [*parts[:1], *parts[3:]]
        if len(parts) in {4, 5} and all(number.isdecimal() for number in numbers):
            tick, at, *missed = map(int, numbers)
            found.append(ScheduledRun(tick, parts[1], parts[2], at, *missed))
    return tuple(found)
