"""What waits in the outbox, for those who look.

It asks the database, and only where the project has an outbox.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import DatabaseError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs.inspect.reader import get_reader
from jobs.outbox import Now, aliases, model, outbox
from jobs.problem import Problem
from jobs.store.marks import Marks
from jobs.store.reader import Reader
from jobs.text import grouped, shown_error, written

if TYPE_CHECKING:
    from jobs.models import OutboxEntry

#: Rows that were refused and are named by the doctor.
MOST_REFUSED = 20
#: The page of the rows, below the control room.
OUTBOX_PAGE = "outbox/"


@dataclass(frozen=True, slots=True)
class Oldest:
    """The row of a database that has waited longest.

    `failure` says why there is none, where the database did.
    """

    database: str
    created_at: datetime | None = None
    waited: timedelta = timedelta(0)
    failure: str = ""


def oldest_rows() -> tuple[Oldest, ...]:
    """Return the oldest row of each database that has rows.

    One query for each, and none where there is no outbox.
    """
    return tuple(map(_oldest, aliases())) if outbox.is_used else ()


def _oldest(alias: str) -> Oldest:
    rows = model().objects.using(alias).order_by("pk").annotate(now=Now())
    try:
        found = rows.values_list("created_at", "now").first()
    except DatabaseError as error:
        return Oldest(alias, failure=shown_error(error))
    return Oldest(alias, found[0], found[1] - found[0]) if found else Oldest(alias)


def unreadable(alias: str, failure: str) -> Problem:
    """Return what is told of a database whose rows cannot be read."""
    reason = _("The outbox in the database %(database)s cannot be read: %(error)s")
    remedy = _("Create its table: python manage.py migrate")
    text = reason % {"database": alias, "error": failure}
    return Problem(alias, text, remedy, "outbox_late", None, OUTBOX_PAGE)


def kept_row(job_id: str, reader: Reader | None = None) -> "OutboxEntry | None":
    """Return the row of a job that is not in Redis yet.

    It is None where its push was done, and where the reader does not see its queue. One round trip,
    and one query for each database; none where there is no outbox.
    """
    if not outbox.is_used or "\0" in job_id:  # for PostgreSQL that is no text
        return None
    reader = reader or get_reader()
    for alias in aliases():
        for row in model().objects.using(alias).filter(job_id=job_id):
            is_seen = reader.sight.sees_queue(row.queue)
            if is_seen and not Marks(reader.store).seen({row.queue: [row.push]}):
                return row
    return None


def explain_row(row: "OutboxEntry", reader: Reader) -> Iterator[str]:
    """Yield why a job is not in Redis yet, in the language in use."""
    text = _(
        "It has been in the outbox of the database since %(time)s, and is not in Redis yet. A "
        "worker pushes it within ten seconds while Redis answers."
    )
    yield text % {"time": written(row.created_at)}
    if row.attempts:
        yield ngettext(
            "%(count)s push of it failed.", "%(count)s pushes of it failed.", row.attempts
        ) % {"count": grouped(row.attempts)}
        if reader.sight.sees_arguments:
            yield _("The last error: %(error)s") % {"error": row.error}


def refused_rows() -> Iterator[Problem]:
    """Yield a problem for each job that Redis has refused, for the doctor.

    At most 20 of each database are named. A database that cannot be read is a problem too.
    """
    for alias in aliases() if outbox.is_used else ():
        refused = model().objects.using(alias).filter(attempts__gt=0).order_by("pk")
        try:
            yield from [_refused(alias, row) for row in refused[:MOST_REFUSED]]
        except DatabaseError as error:
            reason = f"The outbox cannot be read: {shown_error(error)}"
            yield Problem(f"outbox:{alias}", reason, "Create its table: python manage.py migrate")


def _refused(alias: str, row: "OutboxEntry") -> Problem:
    reason = f"Job {row.job_id} of queue {row.queue}: {row.attempts} pushes failed. {row.error}"
    remedy = "Mend what the error says. The job is tried again at least once an hour."
    return Problem(f"outbox:{alias}", reason, remedy)
