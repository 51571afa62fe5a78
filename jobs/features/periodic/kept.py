"""Entries that people keep in the database, and overrides, as documents in Redis.

A document is data that anybody may have written who can write to Redis or to the table. So it is
believed only where the code here allows it: the class must be marked `schedulable = True`.
"""

import json
from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from jobs.errors import InvalidArguments, InvalidJob, JobsError, UnknownJob
from jobs.features.periodic.entries import Entry, check_fits, check_name
from jobs.features.periodic.times import Cron, Every, Schedule
from jobs.options import check_queue_name
from jobs.registry import registry
from jobs.store.schedule_home import KEPT, Home, Kept, Override
from jobs.text import brief

if TYPE_CHECKING:
    from jobs.models import ScheduleEntry

#: Most entries of the database. Supervisors and pages read them all at once.
MOST_ENTRIES = 1_000
#: Longest document of an entry, and most bytes of its arguments that a form takes.
MOST_CHARACTERS, MOST_ARGUMENTS = 10_000, 4_000
_DURATIONS = ("catch_up", "jitter", "margin")


def schedulable_classes() -> list[str]:
    """Return the names of the job classes that people may schedule."""
    return [name for name in registry.names() if is_schedulable(name)]


def is_schedulable(class_name: str) -> bool:
    """Tell whether the code here lets people schedule a job class.

    Raise UnknownJob.
    """
    return registry.find(class_name).options.others.get("schedulable") is True


def name_of(row: "ScheduleEntry") -> str:
    """Return the name of a row, as schedules are called: `shop.ReportJob:db.german`."""
    return f"{row.job_class}{KEPT}{row.name}"


def document_of(row: "ScheduleEntry") -> str:
    """Return a row as JSON.

    The same row makes the same text, whichever version of the code reads it. Raise InvalidJob for
    one that is too long, and for one that holds bytes, as SQLite lets it.
    """
    fields: dict[str, Any] = {
        "args": row.args,
        "kwargs": row.kwargs,
        "queue": row.queue,
        "overlap": row.overlap,
        **{name: getattr(row, f"{name}_seconds") for name in _DURATIONS},
        **clock_fields(row.cron, row.timezone, row.every_seconds),
    }
    try:
        document = json.dumps(fields, sort_keys=True)
    except TypeError as error:
        raise _unreadable(error) from error
    if len(document) > MOST_CHARACTERS:
        raise InvalidJob(
            f"{name_of(row)} takes {len(document):,} characters, and {MOST_CHARACTERS:,} is the "
            "most. Store the data elsewhere and pass its key."
        )
    return document


def kept_of(row: "ScheduleEntry") -> Kept:
    """Return a row as it is mirrored, under no revision.

    Raise InvalidJob as `document_of` does.
    """
    return Kept(0, row.enabled, document_of(row))


def entry_of_row(row: "ScheduleEntry") -> Entry:
    """Return the entry of a row.

    Raise JobsError where the code here cannot fire it.
    """
    return entry_of(name_of(row), kept_of(row))


def clock_fields(cron: str, timezone: str, every: int | None) -> dict[str, Any]:
    """Return what a document says of the time of an entry."""
    return {"every": every} if every is not None else {"cron": cron, "timezone": timezone}


def entry_of(name: str, kept: Kept) -> Entry:
    """Return an entry of the database.

    Raise JobsError where the code here cannot fire it, which says why.
    """
    class_name, _kept, own_name = name.partition(KEPT)
    _demand_schedulable(class_name)
    check_name(own_name, class_name)
    job_class = registry.find(class_name)
    fields = _fields(kept.document)
    try:
        durations = {each: timedelta(seconds=fields[each]) for each in _DURATIONS}
        options = {"overlap": fields["overlap"], "name": own_name, **durations}
        schedule = _schedule(fields, {**options, **_arguments(fields)})
        queue = check_queue_name(fields["queue"])
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise _unreadable(error) from error
    check_fits(job_class, schedule)
    priority = job_class.options.priority
    return Entry(name, class_name, queue, priority, schedule, is_kept=True, is_on=kept.is_on)


def _demand_schedulable(class_name: str) -> None:
    """Raise InvalidJob unless the code here lets people schedule a job class."""
    try:
        is_allowed = is_schedulable(class_name)
    except UnknownJob as error:
        text = _(
            "The code here has no job class %(name)s. Deploy the code that has it, or delete the "
            "schedule in the admin."
        )
        raise InvalidJob(text % {"name": class_name}) from error
    if not is_allowed:
        text = _(
            "%(name)s may not be scheduled by people: it lacks the option schedulable = True. "
            "Write that on the class, or delete the schedule in the admin."
        )
        raise InvalidJob(text % {"name": class_name})


def _arguments(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments in a document.

    Who may not see arguments reads no InvalidArguments, and this may quote them.
    """
    args, kwargs = json.loads(fields["args"]), json.loads(fields["kwargs"])
    if not isinstance(args, list):
        raise InvalidArguments(f"args must be a list of arguments of perform, not {brief(args)}.")
    if not isinstance(kwargs, dict):
        raise InvalidArguments(
            f"kwargs must be an object of arguments of perform, not {brief(kwargs)}."
        )
    return {"args": args, "kwargs": kwargs}


def queue_of(kept: Kept) -> str:
    """Return the queue of an entry of the database. Raise InvalidJob."""
    return check_queue_name(_fields(kept.document).get("queue"))


def kept_entries(home: Home) -> dict[str, Entry]:
    """Return the entries of the database that the code here can fire, by name."""
    found = {}
    for name, kept in home.kept.items():
        try:
            found[name] = entry_of(name, kept)
        except JobsError:  # it rests here; pages say why
            continue
    return found


def overridden(entry: Entry, override: Override | None) -> Entry:
    """Return an entry of the code with the time that people gave it.

    It is the entry itself where they gave none, where the code has changed since, and where the
    document cannot be read.
    """
    if override is None or not override.document or override.spec != entry.spec:
        return entry
    options = {each.name: getattr(entry.schedule, each.name) for each in dataclass_fields(Schedule)}
    try:
        return replace(entry, schedule=_schedule(_fields(override.document), options))
    except (JobsError, LookupError, TypeError, ValueError, OverflowError):
        return entry


def schedule_of(clock: Mapping[str, Any]) -> Schedule:
    """Return a schedule of this time, with no other options. Raise InvalidJob."""
    return _schedule(clock, {})


def _schedule(clock: Mapping[str, Any], options: Mapping[str, Any]) -> Schedule:
    if "every" in clock:
        return Every(timedelta(seconds=clock["every"]), **options)
    return Cron(clock["cron"], clock["timezone"], **options)


def _fields(document: str) -> dict[str, Any]:
    try:
        found = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise _unreadable(error) from error
    if not isinstance(found, dict):
        raise _unreadable("it is no object")
    return found


def _unreadable(reason: object) -> InvalidJob:
    text = _("The schedule cannot be read: %(reason)s. Save it again in the admin.")
    return InvalidJob(text % {"reason": reason})
