"""Rows of the outbox: how a job is written, and read again."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from jobs.outbox import Now, model
from jobs.store import Claim, NewJob

if TYPE_CHECKING:
    from jobs.models import OutboxEntry

#: How long a row is left alone. Its push is mostly done by then, and Redis has written it to disk.
YOUNG = timedelta(seconds=5)


def write(alias: str, jobs: Sequence[tuple[str, NewJob]]) -> None:
    """Write (queue, job) pairs, in the transaction that is open."""
    now = Now()  # of the database: the clocks of hosts differ
    rows = [
        model()(
            queue=queue,
            job_id=job.id,
            push=job.push,
            payload=job.payload.decode(),
            priority=job.priority,
            due=job.due,
            claim=msgspec.json.encode(job.claim).decode() if job.claim else "",
            created_at=now,
            next_at=now + YOUNG,
        )
        for queue, job in jobs
    ]
    model().objects.using(alias).bulk_create(rows)


def job_of(row: "OutboxEntry", now: datetime) -> NewJob:
    """Return the job of a row, for a push at this time.

    It is a time of the database. Raise ValueError for what was written in another way: by another
    version, or by somebody else.
    """
    claim = msgspec.json.decode(row.claim, type=Claim) if row.claim else None
    due = _due(row.due, now - row.created_at)
    payload = row.payload.encode()
    return NewJob(row.job_id, payload, row.priority, due, claim, is_kept=True)


def _due(due: str, age: timedelta) -> str:
    """Return when a job of this age is due.

    "+60000" of a row that is 10 s old is "+50000".
    """
    if not due.startswith("+"):
        return due
    waited = math.floor(age / timedelta(milliseconds=1))
    return f"+{max(0, int(due) - waited)}"
