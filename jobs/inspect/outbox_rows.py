"""The rows of the outbox, to be looked at.

It asks the database and never Redis: people look here when Redis is away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import DatabaseError
from django.db.models import QuerySet

from jobs.errors import InvalidPayload
from jobs.inspect.outbox import unreadable
from jobs.outbox import aliases, model
from jobs.payload import decode
from jobs.problem import Problem
from jobs.store.sight import EVERYTHING, Sight
from jobs.text import shown_error

if TYPE_CHECKING:
    from jobs.models import OutboxEntry

#: Most rows of one database that one look shows.
MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One job that waits to be pushed.

    `job_class` is empty where its payload cannot be read. `error` is the last one of its pushes,
    and empty for whoever may not see arguments.
    """

    database: str
    job_id: str
    job_class: str
    queue: str
    created_at: datetime
    attempts: int
    next_at: datetime
    error: str


@dataclass(frozen=True, slots=True)
class OutboxRows:
    """The oldest rows of each database.

    A database that cannot be read is a problem.
    """

    rows: tuple[OutboxRow, ...]
    has_more: bool
    problems: tuple[Problem, ...] = ()


def outbox_rows(sight: Sight = EVERYTHING) -> OutboxRows:
    """Return what waits in the outbox, up to 100 rows of each database.

    One query for each, and one more where some queues are hidden.
    """
    found: list[OutboxRow] = []
    problems: list[Problem] = []
    has_more = False
    for alias in aliases():
        try:
            rows = list(_seen(alias, sight)[: MOST_ROWS + 1])
        except DatabaseError as error:
            problems.append(unreadable(alias, shown_error(error)))
            continue
        has_more = has_more or len(rows) > MOST_ROWS
        found += _made(alias, rows[:MOST_ROWS], sight)
    return OutboxRows(tuple(found), has_more, tuple(problems))


def _seen(alias: str, sight: Sight) -> "QuerySet[OutboxEntry]":
    """Return the rows of the queues that somebody sees, the oldest first."""
    rows = model().objects.using(alias)
    if not sight.sees_all_queues:
        queues = rows.values_list("queue", flat=True).distinct()
        rows = rows.filter(queue__in=[each for each in queues if sight.sees_queue(each)])
    return rows.order_by("pk")


def _made(alias: str, rows: "list[OutboxEntry]", sight: Sight) -> Iterator[OutboxRow]:
    for row in rows:
        yield OutboxRow(
            database=alias,
            job_id=row.job_id,
            job_class=_class_of(row.payload),
            queue=row.queue,
            created_at=row.created_at,
            attempts=row.attempts,
            next_at=row.next_at,
            error=row.error if sight.sees_arguments else "",
        )


def _class_of(payload: str) -> str:
    try:
        return decode(payload.encode()).job_class
    except InvalidPayload:
        return ""
