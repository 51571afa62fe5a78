"""Sweeps the outbox: pushes what nobody has pushed, and deletes what is in Redis.

Each worker process does it, also at the same time. A row belongs to a sweeper for a minute once it
has claimed it. What protects a job from being run twice is its mark in Redis: `push_unique` sets it
together with the job, and never inserts a job whose push is marked.
"""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from django.db import DatabaseError, connections
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from jobs.client import get_client, portions
from jobs.errors import StoreUnavailable
from jobs.events import OutboxRefused, OutboxSwept, emit
from jobs.features.outbox.rows import job_of
from jobs.outbox import aliases, model
from jobs.store import NewJob, Store
from jobs.store.marks import Marks
from jobs.text import shortened

if TYPE_CHECKING:
    from jobs.models import OutboxEntry

#: How often. With the time that a row is left alone it is less than ten. Seconds.
SWEEP_EVERY = 3.0
#: Longest time of one sweep, and what it may wait for Redis. Seconds.
MOST_SECONDS, LONGEST = 3.0, 5.0
#: Rows that are looked at in one go.
PORTION = 500
#: How long a row belongs to who has claimed it.
CLAIM = timedelta(seconds=60)
#: A claim that is older than this is left to others, by the sweeper's own clock. Seconds.
STALE = 30.0
#: The pause after the first refusal, which doubles with each, and the longest.
PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)
#: How long a mark outlives its row, where the request has pushed the job. Milliseconds.
KEEP_MARK = 120_000
#: The same where a sweeper has: the push of a request that is held up may still come.
KEEP_SWEPT_MARK = 3_600_000
#: Longest error that is kept, in characters.
MOST_ERROR = 500


class _Found(NamedTuple):
    """What a sweeper has to know of a row."""

    pk: int
    queue: str
    push: str


def sweep(store: Store) -> None:
    """Sweep all databases that have rows.

    Raise StoreUnavailable, which ends the round, and what a database says, after the others.
    """
    failure: DatabaseError | None = None
    for alias in aliases():
        try:
            _Sweep(store, alias).go()
        except DatabaseError as error:
            failure = error
        finally:
            connections[alias].close_if_unusable_or_obsolete()
    if failure is not None:
        raise failure


class _Sweep:
    """One sweep of one database."""

    def __init__(self, store: Store, alias: str) -> None:
        self._store = store
        self._marks = Marks(store)
        self._alias = alias

    def go(self) -> None:
        """Look at rows until none is due, or the time is up."""
        ends_at = time.monotonic() + MOST_SECONDS
        while self._look() == PORTION and time.monotonic() < ends_at:
            pass

    def _look(self) -> int:
        """Look at some rows, and return how many.

        Redis is asked first: what was claimed while it is away would wait for a minute.
        """
        now = round(self._store.now() * 1000)
        due = self._rows.filter(next_at__lte=Now()).order_by("next_at", "pk")
        found = [_Found(*row) for row in due.values_list("pk", "queue", "push")[:PORTION]]
        seen = self._marks.seen(_by_queue(found))
        self._settle([row for row in found if row.push in seen], now + KEEP_MARK)
        unseen = [row.pk for row in found if row.push not in seen]
        if unseen:
            self._push(unseen, now + KEEP_SWEPT_MARK)
        return len(found)

    def _settle(self, rows: Sequence[_Found], ends_at: int) -> None:
        """Delete rows whose jobs are in Redis, then let their marks end."""
        if rows:
            self._rows.filter(pk__in=[row.pk for row in rows]).delete()
            self._marks.end(_by_queue(rows), ends_at)

    def _push(self, unseen: Sequence[int], ends_at: int) -> None:
        """Claim rows, and push their jobs."""
        claim = _Claim(self._rows, unseen)
        try:
            for some in claim.portions():
                if claim.is_stale:
                    return
                self._push_rows(claim, some, ends_at)
        except StoreUnavailable:
            claim.give_back()
            raise

    def _push_rows(self, claim: "_Claim", rows: Sequence[_Found], ends_at: int) -> None:
        """Push some rows together, and one by one where they are refused.

        A job that breaks the connection looks like an absent Redis. So that it keeps nobody from
        the way, what was being sent is sent alone the next time, and later than others.
        """
        try:
            self._send([(row.queue, claim.jobs[row.pk]) for row in rows])
        except StoreUnavailable as error:
            claim.refuse(rows, error)
            raise
        except Exception as error:  # noqa: BLE001  # whatever Redis says, it is kept with the row
            if len(rows) > 1:
                for row in rows:
                    self._push_rows(claim, [row], ends_at)
                return
            claim.refuse(rows, error)
            emit(OutboxRefused(claim.jobs[rows[0].pk].id, rows[0].queue, self._alias, error))
        else:
            self._settle(rows, ends_at)
            emit(OutboxSwept(self._alias, len(rows)))

    def _send(self, jobs: Sequence[tuple[str, NewJob]]) -> None:
        for portion in portions(jobs):
            get_client().push_portion(portion)

    @property
    def _rows(self) -> "QuerySet[OutboxEntry]":
        return model().objects.using(self._alias)


class _Claim:
    """Rows that belong to this sweeper for a minute, and their jobs.

    Two sweepers may choose the same rows. The second one's UPDATE waits for the first, and then
    finds them claimed.
    """

    def __init__(self, rows: "QuerySet[OutboxEntry]", wanted: Sequence[int]) -> None:
        self._claimed_at = time.monotonic()  # before the claim, so that it ends too early
        name = uuid4().hex
        due = rows.filter(pk__in=wanted, next_at__lte=Now())
        due.update(next_at=Now() + CLAIM, claimed_by=name)
        self._mine = rows.filter(pk__in=wanted, claimed_by=name)
        found = list(self._mine.annotate(read_at=Now()).order_by("attempts", "pk"))
        self.jobs = {row.pk: job_of(row, _read_at(row)) for row in found}
        self._attempts = {row.pk: row.attempts for row in found}
        self._fresh = [_Found(row.pk, row.queue, row.push) for row in found if not row.attempts]
        self._tried = [_Found(row.pk, row.queue, row.push) for row in found if row.attempts]

    @property
    def is_stale(self) -> bool:
        """Whether others may have claimed the rows since."""
        return time.monotonic() - self._claimed_at > STALE

    def portions(self) -> Iterable[Sequence[_Found]]:
        """Yield the new rows together, then each of the others alone.

        The most tried are the last.
        """
        if self._fresh:
            yield self._fresh
        yield from ([row] for row in self._tried)

    def refuse(self, rows: Sequence[_Found], error: Exception) -> None:
        """Note an error with rows, and try them again after a pause.

        They must have as many attempts.
        """
        attempts = self._attempts[rows[0].pk]
        pause = min(PAUSE * 2 ** min(attempts, 10), LONGEST_PAUSE)
        self._mine.filter(pk__in=[row.pk for row in rows]).update(
            attempts=F("attempts") + 1,
            error=shortened(f"{type(error).__name__}: {error}", MOST_ERROR),
            next_at=Now() + pause,
            claimed_by="",
        )

    def give_back(self) -> None:
        """Let others take at once what was not pushed."""
        self._mine.update(next_at=Now(), claimed_by="")


def _read_at(row: "OutboxEntry") -> datetime:
    """Return the time of the database at which a row was read."""
    read_at: datetime = row.read_at  # type: ignore[attr-defined]  # annotated
    return read_at


def _by_queue(rows: Iterable[_Found]) -> dict[str, list[str]]:
    """Return the pushes of rows by queue."""
    pushes: dict[str, list[str]] = {}
    for row in rows:
        pushes.setdefault(row.queue, []).append(row.push)
    return pushes
