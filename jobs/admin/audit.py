"""The admin log: who did what to which jobs, queues and workers.

Every action writes its intent before it changes anything, and its result after that. Where the
intent cannot be written, nothing is changed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import Error, router, transaction
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from jobs.models import ControlRoom
from jobs.text import escaped, shown, shown_error

#: The longest name that the log keeps.
MOST_CHARACTERS = 200


class NotRecorded(Exception):
    """The admin log cannot be written, so nothing may be changed."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody is about to do.

    `name` is the job, set, queue or worker that is changed, and `what` is done to it. `facts` are
    the lines that say to which jobs, and how. `job_id` is given where it is one job.
    """

    name: str
    what: str | Promise
    facts: tuple[str, ...] = ()
    job_id: str = ""
    is_deletion: bool = False


class Trail:
    """What came of a deed: lines for the admin log."""

    def __init__(self) -> None:
        """Start with no line."""
        self.lines: list[str] = []

    def tell(self, *lines: str) -> None:
        """Add lines."""
        self.lines += lines


@contextmanager
def recorded(request: HttpRequest, deed: Deed) -> Iterator[Trail]:
    """Write a deed into the admin log before and after it is done.

    It is one entry, of some lines. Raise NotRecorded, before anything is done, if the log cannot be
    written. It costs two round trips to the database.
    """
    entry = _begin(request, deed)
    trail = Trail()
    try:
        yield trail
    except BaseException as error:
        text = _("It ended with an error and may be done in part: %(error)s")
        trail.tell(text % {"error": shown_error(error)})
        raise
    finally:
        _end(request, entry, deed, trail)


def _begin(request: HttpRequest, deed: Deed) -> LogEntry:
    """Write the intent.

    Whoever finds it without a result knows that the process ended in between.
    """
    entry = LogEntry(
        user_id=request.user.pk or 0,  # nobody comes here without having logged in
        object_id=deed.job_id,
        object_repr=shown(deed.name)[:MOST_CHARACTERS],
        action_flag=DELETION if deed.is_deletion else CHANGE,
        change_message=_message(deed, [_("It has begun, and the result is not known yet.")]),
    )
    try:
        with transaction.atomic(using=router.db_for_write(LogEntry)):
            kind = ContentType.objects.get_for_model(ControlRoom, for_concrete_model=False)
            entry.content_type_id = kind.pk
            entry.save()
    except Error as error:
        raise NotRecorded(shown_error(error)) from error
    return entry


def _end(request: HttpRequest, entry: LogEntry, deed: Deed, trail: Trail) -> None:
    """Write the result.

    The deed is done, so a database that has gone away meanwhile makes no error of it.
    """
    entry.change_message = _message(deed, trail.lines)
    try:
        with transaction.atomic(using=router.db_for_write(LogEntry)):
            entry.save(update_fields=["change_message"])
    except Error as error:
        text = _("This was done, but the admin log lacks its result: %(error)s")
        messages.warning(request, text % {"error": shown_error(error)})


def _message(deed: Deed, results: list[str]) -> str:
    lines = (str(deed.what), *deed.facts, *results)
    return "\n".join([escaped(shown(line)) for line in lines])
