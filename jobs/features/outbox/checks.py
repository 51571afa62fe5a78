"""System checks of the outbox. They need no Redis."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.db import DatabaseError, connections

from jobs.conf import get_settings
from jobs.errors import ConfigurationError
from jobs.outbox import aliases, model, outbox


def check_outbox(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return an error for an outbox that cannot work.

    jobs.E008 is a database that there is not, or ENQUEUE that goes past the outbox.
    """
    try:
        return list(_wrong()) if outbox.is_used else []
    except ConfigurationError:  # another check says what is wrong
        return []


def _wrong() -> Iterator[CheckMessage]:
    for alias in aliases():
        if alias not in connections:
            yield Error(
                f"JOBS['OUTBOX'] names the database {alias!r}, which DATABASES does not.",
                hint=f"Name one of these: {', '.join(connections)}.",
                id="jobs.E008",
            )
    if get_settings().enqueue == "immediate":
        yield Error(
            "There is an outbox, and JOBS['ENQUEUE'] = 'immediate' has all jobs go past it.",
            hint="Leave JOBS['ENQUEUE'] out, and use using(commit='immediate') where it is meant.",
            id="jobs.E008",
        )


def check_rows(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Return a warning for each database with rows that nobody sweeps.

    jobs.W008: nobody pushes these jobs. It asks the database, as `check --database default` and
    `migrate` do.
    """
    try:
        swept = aliases() if outbox.is_used else ()
    except ConfigurationError:  # another check says what is wrong
        return []
    return [
        CheckWarning(
            f"The outbox in the database {alias!r} is not empty, and no worker looks at it: its "
            "jobs are pushed by nobody.",
            hint=f"Let JOBS['OUTBOX'] name {alias!r} again until workers have pushed them.",
            id="jobs.W008",
        )
        for alias in databases or ()
        if alias not in swept and _has_rows(alias)
    ]


def _has_rows(alias: str) -> bool:
    try:
        return bool(model().objects.using(alias).exists())
    except DatabaseError:  # the table may not be there yet
        return False
