"""System checks of schedules. They need no Redis."""

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning
from django.db import DatabaseError

from jobs.conf import get_settings
from jobs.errors import ConfigurationError, JobsError
from jobs.features.periodic import mirror
from jobs.features.periodic.entries import Entry, entries
from jobs.features.periodic.kept import MOST_ENTRIES, entry_of_row, name_of

if TYPE_CHECKING:
    from jobs.models import ScheduleEntry


def check_schedules(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return a warning for each schedule that never ticks, or whose queue nobody serves.

    jobs.W003 is an expression that names no day of the next 50 years, W004 a queue that JOBS
    has nobody serve.
    """
    return [message for entry in entries() for message in _check(entry)]


def check_entries(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Return a warning for each schedule of the database that rests here.

    jobs.W006 is one that is on and rests, or that there are too many. The queue is checked like
    that of the others. It asks the database, as `check --database default` and `migrate` do.
    """
    if mirror.alias() not in (databases or ()):
        return []
    try:
        rows = mirror.read_rows()
    except DatabaseError:  # the table may not be there yet
        return []
    of_rows = [message for row in rows if row.enabled for message in _check_row(row)]
    return [*of_rows, *_check_number(len(rows))]


def _check_number(rows: int) -> Iterator[CheckMessage]:
    if rows > MOST_ENTRIES:
        yield CheckWarning(
            f"The table of schedules has more than {MOST_ENTRIES:,} rows. Those that were added "
            "after these do not tick.",
            hint="Delete schedules that nobody needs.",
            id="jobs.W006",
        )


def _check_row(row: "ScheduleEntry") -> Iterator[CheckMessage]:
    try:
        entry = entry_of_row(row)
    except JobsError as error:
        yield CheckWarning(
            f"The schedule {name_of(row)} of the database does not tick: {error}",
            hint="Correct it in the admin, switch it off, or bring back what the code had.",
            id="jobs.W006",
        )
    else:
        yield from _check(entry)


def _check(entry: Entry) -> Iterator[CheckMessage]:
    if entry.schedule.next_after(int(time.time() * 1000)) is None:
        yield CheckWarning(
            f"The schedule {entry.name} never ticks: {entry.schedule.clock}.",
            hint="Correct the expression, or delete the schedule.",
            id="jobs.W003",
        )
    if entry.queue not in _served():
        yield CheckWarning(
            f"The schedule {entry.name} makes jobs for the queue {entry.queue!r}, which neither "
            "JOBS['QUEUES'] nor JOBS['CAPSULES'] names.",
            hint=(
                "Add the queue there, or change that of the job class. If workers get it by "
                "runjobs -q or --capsule, add jobs.W004 to SILENCED_SYSTEM_CHECKS."
            ),
            id="jobs.W004",
        )


def _served() -> frozenset[str]:
    """Return the queues that `runjobs` serves by itself."""
    try:
        return frozenset(get_settings().served_queues)
    except ConfigurationError:  # another check says what is wrong
        return frozenset({entry.queue for entry in entries()})
