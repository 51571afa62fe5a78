"""The outbox: which jobs are rows too until they are in Redis.

Most projects have none. The feature says how rows are written when it is imported. `making` and
`commit` ask here, and those who look. They know no feature by name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from django.apps import apps
from django.db import router
from django.db.models import functions
from django.db.transaction import TransactionManagementError

from jobs.conf import get_settings
from jobs.errors import ConfigurationError
from jobs.options import JobOptions
from jobs.store import NewJob

if TYPE_CHECKING:
    from jobs.models import OutboxEntry

#: The option of a job class. It belongs to the class: `using()` cannot change it.
OPTION = "outbox"
#: The model of rows. It is named, since features are imported before there can be models.
MODEL = "jobs.OutboxEntry"


def _nobody(*_: object) -> NoReturn:
    raise ConfigurationError("No feature keeps jobs: import `jobs`, which brings it.")


@dataclass
class Outbox:
    """Whose jobs are kept, and where."""

    #: Write jobs into the database of an alias.
    write: Callable[[str, Sequence[tuple[str, NewJob]]], None] = _nobody
    #: Whether a job class asks for it by itself.
    has_classes: bool = False

    @property
    def is_used(self) -> bool:
        """Whether there may be rows at all."""
        return self.has_classes or bool(get_settings().outbox)

    def keeps(self, options: JobOptions) -> bool:
        """Tell whether jobs with these options are kept."""
        wanted = options.others.get(OPTION)
        return bool(get_settings().outbox if wanted is None else wanted)


#: The one of this process.
outbox = Outbox()


class Now(functions.Now):
    """The time of the database.

    On MySQL that of Django goes by the time zone of the server, and stands still for an hour when
    its summer ends.
    """

    def as_mysql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Return it in UTC."""
        return self.as_sql(compiler, connection, template="UTC_TIMESTAMP(6)", **context)


def model() -> "type[OutboxEntry]":
    """Return the model of rows."""
    return apps.get_model(MODEL)


def aliases() -> tuple[str, ...]:
    """Return the databases that have rows.

    The setting names them. True is the one that the routers name.
    """
    named = get_settings().outbox
    if isinstance(named, bool):
        return (router.db_for_write(model()),)
    return (named,) if isinstance(named, str) else tuple(named)


def alias_for(open_now: Sequence[str]) -> str:
    """Return the database for the row of a job.

    It follows from the aliases whose transactions are open. Raise TransactionManagementError where
    none of these keeps rows, or where two may decide.
    """
    keeping = aliases()
    if not open_now:
        return keeping[0]
    counting = [alias for alias in open_now if alias in keeping]
    if not counting:
        raise TransactionManagementError(
            f"The outbox is in the database {_listed(keeping)}, and the open transaction is on "
            f"{_listed(open_now)}: its job would not be a part of it. Name that database in "
            f"JOBS['OUTBOX'] and migrate it, or set {OPTION} = False on the job class."
        )
    is_named = not isinstance(get_settings().outbox, bool)
    if len(counting) > 1 or not (is_named or len(open_now) == 1):
        raise TransactionManagementError(
            f"Transactions are open on the databases {_listed(open_now)}, and a job of the outbox "
            "belongs to one of them. Name that one, such as JOBS['OUTBOX'] = "
            f"{counting[0]!r}, or enqueue where only one is open."
        )
    return counting[0]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(map(repr, names))
