"""One round trip at a time: takes work from the queues in their order and hands in what is finished.

Not thread-safe: the buffer sees to it that one thread is here at a time. It keeps the worker's name, and takes a new
one when the lease ran out.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence

from jobs.conf import JobsSettings
from jobs.errors import LeaseLapsed
from jobs.events import emit
from jobs.store import Store
from jobs.worker.board import Board
from jobs.worker.names import worker_name
from jobs.worker.queues import QueueOrder
from jobs.worker.recovery import Recovery, WorkerEnd
from jobs.worker.unit import Unit

#: An answer that took longer, in seconds, came from a Redis that hung.
LONGEST_ANSWER = 0.25


class Fetcher:
    """Fetches for one worker process."""

    def __init__(
        self, store: Store, order: QueueOrder, board: Board, base_name: str, recovery: Recovery, settings: JobsSettings
    ) -> None:
        """Take the store, the queues, and the name that the supervisor gave; it follows the generation on the board."""
        self._store = store
        self._order = order
        self._board = board
        self._base_name = base_name
        self._recovery = recovery
        self._joined: set[str] = set()
        self._is_unsure = False
        self._unsure_until = 0.0
        self._looks_again_at = 0.0
        self._lease = settings.lease
        self._heartbeat = settings.heartbeat
        self._has_missed_redis = True
        self._recovers_from = 0.0

    @property
    def name(self) -> str:
        """The name under which this worker takes jobs now."""
        return worker_name(self._base_name, self._board.generation)

    def fetch(self, count: int, finished: Mapping[str, Sequence[str]], held: Callable[[], set[str]]) -> "Catch":
        """Hand in finished ids and take up to `count` jobs; `held` tells which jobs this process knows.

        Raise StoreUnavailable when Redis is away: then everything may be sent again. Raise LeaseLapsed when this
        worker's jobs were given to others: from then on it has a new name.
        """
        try:
            found = self._find_unknown(held()) if self._is_unsure and time.monotonic() >= self._looks_again_at else []
            catch = self._fetch(0 if found else count, dict(finished))
        except LeaseLapsed:
            raise
        except Exception:
            # A fetch whose answer was lost, or that Redis has yet to execute, leaves jobs under our name that we do not
            # know. So we look, and look again.
            self._is_unsure = True
            self._unsure_until = time.monotonic() + 2 * self._lease
            self._looks_again_at = 0.0
            self.note_outage()
            raise
        return Catch(found + catch.units, is_full=bool(found) or catch.is_full, next_due=catch.next_due)

    def note_outage(self) -> None:
        """Note that Redis was away: when it is back, recover nobody for a heartbeat, in which all who live renew."""
        self._has_missed_redis = True

    def _fetch(self, count: int, finished: dict[str, Sequence[str]]) -> "Catch":
        units: list[Unit] = []
        next_due: float | None = None
        has_skipped = False
        for queue in self._order.next():
            wanted = 0 if units else count
            done = finished.pop(queue, ())
            has_skipped = has_skipped or not wanted
            if not wanted and not done:
                continue
            asked = time.monotonic()
            fetched = self._store.fetch(
                queue, self.name, wanted, lease=self._lease, join=queue not in self._joined, finished=done
            )
            self._hold_off_after(asked)
            if not fetched.lease_is_good:
                self._take_new_name()
            self._joined.add(queue)
            if fetched.lost:
                emit(logging.WARNING, "worker.lost_jobs", {"worker": self.name, "queue": queue, "ids": fetched.lost})
            if fetched.next_due_seconds is not None and (next_due is None or fetched.next_due_seconds < next_due):
                next_due = fetched.next_due_seconds
            if fetched.expired_worker and time.monotonic() >= self._recovers_from:
                self._recover(queue, fetched.expired_worker)
                next_due = 0.0
            units += self._units(queue, fetched.jobs)
        return Catch(units, is_full=has_skipped or len(units) >= count, next_due=next_due)

    def _hold_off_after(self, asked: float) -> None:
        """Put recovery off if Redis was away until now, or hung while we asked: then every lease may have run out."""
        now = time.monotonic()
        if self._has_missed_redis or now - asked > LONGEST_ANSWER:
            self._has_missed_redis = False
            self._recovers_from = now + self._heartbeat

    def _units(self, queue: str, jobs: Sequence[tuple[str, bytes | None]]) -> list[Unit]:
        for job_id, raw in jobs:
            if raw is None:
                emit(logging.ERROR, "job.payload_missing", {"queue": queue, "id": job_id})
        return [Unit(queue, self.name, job_id, raw) for job_id, raw in jobs if raw is not None]

    def _find_unknown(self, held: set[str]) -> list[Unit]:
        now = time.monotonic()
        self._looks_again_at = now + self._lease / 3
        found = []
        for queue in self._order.names:
            listed = [(job_id, raw) for job_id, raw in self._store.list_running(queue, self.name) if job_id not in held]
            found += self._units(queue, listed)
        if found:
            emit(logging.INFO, "worker.found_jobs", {"worker": self.name, "jobs": len(found)})
        self._is_unsure = now < self._unsure_until
        return found

    def _recover(self, queue: str, worker: str) -> None:
        self._recovery.recover([queue], worker, WorkerEnd("its lease ran out", is_crash=True), is_dead=False)

    def _take_new_name(self) -> None:
        """Go on under a new name. What the old one has in other queues would be renewed with us, and never end."""
        lapsed = self.name
        ending = WorkerEnd("its lease ran out", is_crash=False, running=frozenset(self._board.running()))
        self._recovery.recover(self._order.names, lapsed, ending, is_dead=True)
        self._board.generation += 1
        self._joined.clear()
        emit(logging.WARNING, "worker.lease_lapsed", {"worker": lapsed, "new_name": self.name})
        raise LeaseLapsed(lapsed)


class Catch:
    """What one fetch brought: units, whether there may be more, and the seconds to the next due job if known."""

    __slots__ = ("is_full", "next_due", "units")

    def __init__(self, units: list[Unit], *, is_full: bool, next_due: float | None) -> None:
        """Keep the values."""
        self.units = units
        self.is_full = is_full
        self.next_due = next_due
