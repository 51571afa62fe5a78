"""Entries: the schedules of job classes, each with its name in Redis.

The option `schedule` is checked here, where a class is written. Those that people make in the
database are in `kept.py`.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from jobs.arguments import check_arguments
from jobs.errors import ConfigurationError, InvalidArguments, InvalidJob
from jobs.features.periodic.times import Schedule
from jobs.occasion import Occasion
from jobs.payload import Payload, dumps
from jobs.protection import guarded, is_sealed, protection
from jobs.registry import registry
from jobs.text import brief

#: What the name of a schedule is made of.
NAME = re.compile(r"[A-Za-z0-9_-]{1,50}\Z")


@dataclass(frozen=True, slots=True)
class Entry:
    """One schedule of one job class.

    `name` is that of the class, with that of the schedule if it has one: `shop.ReportJob:german`.
    `is_kept`: it is one of the database, `shop.ReportJob:db.german`, which people may switch off.
    """

    name: str
    job_class: str
    queue: str
    priority: int
    schedule: Schedule
    is_kept: bool = False
    is_on: bool = True
    #: Whether the arguments of its jobs are sealed.
    is_sealed: bool = False

    @property
    def clock(self) -> str:
        """A hash of the time expression and the zone.

        It is another one while the entry is off. So when it is on again it makes up for nothing.
        """
        return _hash(self._clock_text)

    @property
    def _clock_text(self) -> str:
        return self.schedule.clock if self.is_on else f"{self.schedule.clock} off"

    @property
    def spec(self) -> str:
        """A hash of all that a supervisor has to know of the entry.

        The priority of a class is a matter of the code. Two versions of it must agree on an entry
        of the database.
        """
        schedule = self.schedule
        durations = [
            each.total_seconds() for each in (schedule.catch_up, schedule.jitter, schedule.margin)
        ]
        arguments: Any = [list(schedule.args), schedule.kwargs]
        if self.is_sealed:  # the hash lies in Redis, and few arguments are hard to guess
            arguments = guarded(dumps(arguments).decode())
        priority = None if self.is_kept else self.priority
        parts = [self._clock_text, self.job_class, self.queue, priority, schedule.overlap]
        return _hash(dumps([*parts, durations, arguments]).decode())

    def job_id(self, namespace: str, tick: int) -> str:
        """Return the id of the job of a tick.

        It is the same wherever it is made.
        """
        return blake2b(f"{namespace}|{self.name}|{tick}".encode(), digest_size=16).hexdigest()

    def due_at(self, tick: int) -> int:
        """Return when the job of a tick is due, in ms.

        With jitter it is up to so much later than the tick.
        """
        spread = round(self.schedule.jitter.total_seconds() * 1000)
        return tick + int(_hash(f"{self.name}|{tick}"), 16) % (spread + 1)

    def payload(self, job_id: str, occasion: Occasion, now: int, due_at: int = 0) -> bytes:
        """Return the payload of a job.

        Times are in ms. A job that is due at 0 is due at once.
        """
        payload = Payload(
            self.priority,
            job_id,
            self.job_class,
            self.queue,
            list(self.schedule.args),
            dict(self.schedule.kwargs),
            enqueued_at=now / 1000,
            run_after=due_at / 1000 if due_at > now else None,
            context=occasion.to_context(),
        )
        return (protection.sealer.seal(payload) if self.is_sealed else payload).encode()


def entries() -> list[Entry]:
    """Return the entries of all job classes that this process knows, by name."""
    return [entry for name in registry.names() for entry in entries_of(name)]


def entries_of(class_name: str) -> list[Entry]:
    """Return the entries of one job class. Raise UnknownJob."""
    options = registry.find(class_name).options
    return [
        Entry(
            f"{class_name}:{schedule.name}" if schedule.name else class_name,
            class_name,
            options.queue,
            options.priority,
            schedule,
            is_sealed=is_sealed(options),
        )
        for schedule in schedules_in(options.others.get("schedule"))
    ]


def schedules_in(value: Any) -> Sequence[Schedule]:
    """Return the schedules in a value of the option."""
    if value is None:
        return ()
    return (value,) if isinstance(value, Schedule) else tuple(value)


def is_schedule(value: object) -> bool:
    """Tell whether a value can stand for the option."""
    if value is None or isinstance(value, Schedule):
        return True
    if not isinstance(value, list | tuple) or not value:
        return False
    return all(isinstance(each, Schedule) for each in value)


def check(job_class: type[Any], value: Any) -> None:
    """Raise InvalidJob for schedules that do not suit a job class."""
    schedules = schedules_in(value)
    owner = job_class.__qualname__
    names = [schedule.name for schedule in schedules]
    if len(names) > 1:
        _check_names(owner, names)
    for schedule in schedules:
        if schedule.name:
            check_name(schedule.name, owner)
        try:
            check_fits(job_class, schedule)
        except InvalidArguments as error:
            advice = "Give the schedule the arguments of perform: args=[...] or kwargs={...}."
            raise InvalidJob(f"{owner}: option 'schedule': {error} {advice}") from error


def check_name(name: str, owner: str) -> None:
    """Raise InvalidJob for what cannot be the name of a schedule.

    It names the `owner`.
    """
    if not NAME.match(name):
        raise InvalidJob(
            f"{owner}: the name of a schedule is 1 to 50 letters, digits, '_' or '-', "
            f"not {brief(name)}."
        )


def check_fits(job_class: type[Any], schedule: Schedule) -> None:
    """Raise InvalidArguments unless `perform` takes the arguments of a schedule."""
    job_class.check_signature(schedule.args, schedule.kwargs)
    with suppress(ConfigurationError):  # the system checks say what is wrong in JOBS
        names = job_class.parameter_names()
        check_arguments(job_class.__qualname__, schedule.args, schedule.kwargs, names)


def _check_names(owner: str, names: Iterable[str]) -> None:
    """Raise InvalidJob unless several schedules of a class can be told apart."""
    seen: set[str] = set()
    for name in names:
        if not name:
            raise InvalidJob(
                f"{owner}: several schedules of one class need names of their own, "
                'such as Cron("0 3 * * *", name="nightly").'
            )
        if name in seen:
            raise InvalidJob(f"{owner}: two schedules have the name {name!r}; rename one of them.")
        seen.add(name)


def _hash(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()
