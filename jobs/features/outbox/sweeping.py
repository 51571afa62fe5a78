"""Sweeps the outbox: pushes what nobody has pushed, and deletes what is in Redis.

Each worker process does it, also at the same time. A row belongs to a sweeper for a minute once it
has claimed it. What protects a job from being run twice is its mark in Redis: `push_unique` sets it
together with the job, and never inserts a job whose push is marked.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from django.db import DatabaseError, connections
from django.db.models import F, QuerySet

from jobs.client import get_client, portions
from jobs.errors import StoreUnavailable
from jobs.events import OutboxRefused, OutboxSwept, emit
from jobs.features.outbox.ceding import ceding
from jobs.features.outbox.rows import YOUNG, job_of
from jobs.outbox import Now, aliases, model
from jobs.store import NewJob, Store
from jobs.store.marks import Marks, Pushes
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
#: A mark that is younger may be forgotten by a Redis that crashes, with its job. Milliseconds.
YOUNG_MARK = YOUNG / timedelta(milliseconds=1)
#: How long a mark outlives its row, where the request has pushed the job. Milliseconds.
KEEP_MARK = 120_000
#: The same where a sweeper had the row: the push of a request that is held up may still come.
KEEP_SWEPT_MARK = 3_600_000
#: Longest error that is kept, in characters.
MOST_ERROR = 500


class _Found(NamedTuple):
    """What a sweeper has to know of a row."""

    pk: int
    queue: str
    push: str
    claimed_by: str


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
        found = [_Found(*row) for row in due.values_list(*_Found._fields)[:PORTION]]
        marks, away = self._seen(_by_queue(found))
        young = {name for name, score in marks.items() if 0 <= now - score < YOUNG_MARK}
        old = marks.keys() - young
        self._settle([row for row in found if row.push in old], now)
        self._wait_for([row.pk for row in found if row.push in young or row.queue in away])
        self._push([row.pk for row in found if row.push not in marks and row.queue not in away])
        return len(found)

    def _seen(self, pushes: Pushes) -> tuple[dict[str, float], set[str]]:
        """Return the marks of pushes, and queues that are away.

        The node of such a queue is away, and the others of a cluster are there.
        """
        if not self._store.is_spread:
            return self._marks.seen(pushes), set()
        marks: dict[str, float] = {}
        away = set()
        for queue, names in pushes.items():
            try:
                marks |= self._marks.seen({queue: names})
            except StoreUnavailable:
                away.add(queue)
        return marks, away

    def _settle(self, rows: Sequence[_Found], now: int) -> None:
        """Delete rows whose jobs are surely in Redis, then let their marks end."""
        if not rows:
            return
        self._rows.filter(pk__in=[row.pk for row in rows]).delete()
        swept = [row for row in rows if row.claimed_by]
        self._marks.end(_by_queue(swept), now + KEEP_SWEPT_MARK)
        self._marks.end(_by_queue(set(rows).difference(swept)), now + KEEP_MARK)

    def _wait_for(self, rows: Sequence[int]) -> None:
        """Look at rows again in a moment."""
        if rows:
            self._rows.filter(pk__in=rows).update(next_at=Now() + YOUNG)

    def _push(self, unseen: Sequence[int]) -> None:
        """Claim rows, and push their jobs."""
        if not unseen:
            return
        claim = _Claim(self._rows, unseen)
        try:
            for rows in claim.portions():
                self._push_rows(claim, rows)
        except StoreUnavailable:
            claim.give_back()
            raise

    def _push_rows(self, claim: "_Claim", rows: Sequence["OutboxEntry"]) -> None:
        """Push some rows together, and one by one where they are refused.

        They stay until their marks are no longer young.
        """
        if claim.is_stale:
            return
        try:
            self._send([(row.queue, claim.job(row)) for row in rows])
        except StoreUnavailable as error:
            if self._may_blame(error):
                claim.refuse(rows, error)
            raise
        except Exception as error:  # noqa: BLE001  # whatever Redis says, it is kept with the row
            if len(rows) > 1:
                for row in rows:
                    self._push_rows(claim, [row])
                return
            claim.refuse(rows, error)
            emit(OutboxRefused(rows[0].job_id, rows[0].queue, self._alias, error))
        else:
            claim.put_off(rows, YOUNG)
            emit(OutboxSwept(self._alias, len(rows)))

    def _may_blame(self, error: StoreUnavailable) -> bool:
        """Tell whether a job may have broken the connection.

        Such a job looks like an absent Redis, but then Redis answers. So that it keeps nobody from
        the way, what was being sent is sent alone the next time, and later than others.
        """
        if error.is_answer:
            return False
        try:
            self._store.now()
        except StoreUnavailable:
            return False
        return True

    def _send(self, jobs: Sequence[tuple[str, NewJob]]) -> None:
        for portion in portions(ceding(jobs)):
            get_client().push_portion(portion)

    @property
    def _rows(self) -> "QuerySet[OutboxEntry]":
        return model().objects.using(self._alias)


class _Claim:
    """Rows that belong to this sweeper for a minute.

    Two sweepers may choose the same rows. The second one's UPDATE waits for the first, and then
    finds them claimed. The name of the last sweeper stays with a row.
    """

    def __init__(self, rows: "QuerySet[OutboxEntry]", wanted: Sequence[int]) -> None:
        self._claimed_at = time.monotonic()  # before the claim, so that it ends too early
        name = uuid4().hex
        due = rows.filter(pk__in=wanted, next_at__lte=Now())
        due.update(next_at=Now() + CLAIM, claimed_by=name)
        self._mine = rows.filter(pk__in=wanted, claimed_by=name)
        self._found = list(self._mine.annotate(read_at=Now()).order_by("attempts", "pk"))
        self._left = {row.pk for row in self._found}

    @property
    def is_stale(self) -> bool:
        """Whether others may have claimed the rows since."""
        return time.monotonic() - self._claimed_at > STALE

    def portions(self) -> Iterator[Sequence["OutboxEntry"]]:
        """Yield the new rows together, then each of the others alone.

        The most tried are the last.
        """
        if fresh := [row for row in self._found if not row.attempts]:
            yield fresh
        yield from ([row] for row in self._found if row.attempts)

    def job(self, row: "OutboxEntry") -> NewJob:
        """Return the job of a row. Raise ValueError where the row cannot be read."""
        read_at: datetime = row.read_at  # type: ignore[attr-defined]  # annotated
        return job_of(row, read_at)

    def refuse(self, rows: Sequence["OutboxEntry"], error: Exception) -> None:
        """Note an error with rows, and try them again after a pause.

        They must have as many attempts.
        """
        pause = min(PAUSE * 2 ** min(rows[0].attempts, 10), LONGEST_PAUSE)
        self.put_off(
            rows,
            pause,
            attempts=F("attempts") + 1,
            error=shortened(f"{type(error).__name__}: {error}", MOST_ERROR),
        )

    def put_off(self, rows: Sequence["OutboxEntry"], pause: timedelta, **changes: Any) -> None:
        """Let no sweeper look at rows until a pause is over."""
        some = {row.pk for row in rows}
        self._mine.filter(pk__in=some).update(next_at=Now() + pause, **changes)
        self._left -= some

    def give_back(self) -> None:
        """Let others take at once what was neither pushed nor refused."""
        self._mine.filter(pk__in=self._left).update(next_at=Now())


def _by_queue(rows: Iterable[_Found]) -> dict[str, list[str]]:
    """Return the pushes of rows by queue."""
    pushes: dict[str, list[str]] = {}
    for row in rows:
        pushes.setdefault(row.queue, []).append(row.push)
    return pushes
