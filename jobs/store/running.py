"""The desk for what runs, which the worker uses.

It takes jobs out of a queue, and ends, fails or gives back what was taken. Every call
may be sent again after a lost answer: what runs is owned by this taking of it, which
its token names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

from jobs.store.session import MOST_JOBS, Session
from jobs.store.terms import Terms
from jobs.text import raw_of, text_of, texts_of

#: Bytes of payload after which one fetch takes no more. It may take 32 payloads beyond that.
MOST_FETCHED_BYTES = 2_000_000
DAY_MS = 24 * 3600 * 1000

#: Where a job goes that has not gone well: to a set, or away.
Destination = Literal["retry", "dead", "discard"]
#: What a fetch found of its worker: others gave it up, it is known, it was not known
#: until now, or a later fetch of it was here already.
LeaseState = Literal["given up", "good", "new", "void"]
_STATES: tuple[LeaseState, ...] = ("given up", "good", "new", "void")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one fetch brought.

    `jobs` holds (id, payload), the payload None where Redis has lost it. `left` is the
    number of jobs that are ready still. `lost` holds the ids of finished jobs that were
    not ours any more. `clock` is the time in Redis, in ms since the epoch.
    """

    state: LeaseState
    next_due_seconds: float | None
    left: int
    clock: int
    lost: list[str]
    jobs: list[tuple[str, bytes | None]]


class Running:
    """Takes jobs, and moves them out of `running` when they end."""

    def __init__(self, session: Session) -> None:
        """Take the session, and send nothing yet."""
        self._session = session

    def fetch(
        self,
        queue: str,
        worker: str,
        count: int,
        *,
        terms: Terms,
        first: int,
        finished: Sequence[tuple[str, int]] = (),
    ) -> Fetched:
        """Hand in finished jobs, renew the lease, promote, and take up to `count`.

        `finished` holds (id, number) of each. What is taken gets the numbers from
        `first` on, in its order. With `first` 0 nothing is taken, and no fetch that was
        sent before is void. No call takes or hands in more than 1,000. One round trip,
        O((finished + promoted + count) log n).
        """
        args = _fetch_args(worker, min(count, MOST_JOBS), terms, first)
        args += chain.from_iterable(finished)
        return fetched_in(self._session.run("fetch", queue, args))

    def armed_fetch(
        self, queue: str, worker: str, *, terms: Terms, first: int, until: int
    ) -> tuple[Any, ...]:
        """Return the command that fetches one job, to wait behind a bell.

        Nobody knows when it is executed, so it renews no lease. After `until`, in ms by
        the clock of Redis, it takes nothing. `fetched_in` reads the answer.
        """
        return self._session.command("fetch", queue, _fetch_args(worker, 1, terms, first, until))

    def finish(  # noqa: PLR0913  # all that one transition needs
        self,
        queue: str,
        token: str,
        job_id: str,
        payload: bytes,
        keep_seconds: float,
        *,
        counter: str = "processed",
        note: bytes = b"",
    ) -> bool:
        """Finish a job, and return whether this taking still owned it.

        Its result is kept for `keep_seconds`. `note` replaces that of the job unless it is empty.
        One round trip, O(log n).
        """
        args = [token, job_id, payload, round(keep_seconds * 1000), counter, note]
        return bool(self._session.run("finish", queue, args) == 1)

    def fail(  # noqa: PLR0913  # all that one transition needs
        self,
        queue: str,
        token: str,
        job_id: str,
        payload: bytes,
        destination: Destination,
        *,
        delay_seconds: float = 0.0,
        dead_limits: tuple[int, int] = (10_000, 180),
        counter: str = "failed",
        note: bytes = b"",
    ) -> bool:
        """Move a job that failed, and return whether this taking still owned it.

        It goes to the retry set or the dead set, or is dropped. `dead_limits`: the most
        jobs and the most days that the dead set keeps. `counter` is what the stats
        count it as. `note` replaces that of the job unless it is empty. One round trip, O(log n).
        """
        most, days = dead_limits
        args = [
            token,
            job_id,
            payload,
            destination,
            round(delay_seconds * 1000),
            most,
            days * DAY_MS,
            counter,
            note,
        ]
        return bool(self._session.run("fail", queue, args) == 1)

    def release(self, queue: str, jobs: Sequence[tuple[str, str, bytes]]) -> int:
        """Give jobs back to the place they had, and return how many.

        `jobs` holds (token, id, payload) of each. Only those that were still owned are
        given back. The payload replaces the one in Redis unless it is empty. O(k log
        n).
        """
        released = 0
        for start in range(0, len(jobs), MOST_JOBS):
            args = [part for job in jobs[start : start + MOST_JOBS] for part in job]
            released += int(self._session.run("release", queue, args))
        return released

    def list_running(self, queue: str, worker: str) -> list[tuple[str, str]]:
        """Return (id, token) of all that runs under a worker's name.

        O(running jobs), 500 of them in a round trip.
        """
        cursor: bytes | str = "0"
        found: dict[str, str] = {}  # a scan may show an entry twice
        while True:
            cursor, listed = self._session.run("list_running", queue, [worker, cursor])
            found |= {text_of(listed[i]): text_of(listed[i + 1]) for i in range(0, len(listed), 2)}
            if cursor == b"0":
                return list(found.items())

    def payload(self, queue: str, job_id: str) -> bytes | None:
        """Return the payload of one job, None if there is none.

        One round trip, O(1).
        """
        with self._session.available():
            raw: Any = self._session.client.hget(self._session.keys(queue).payloads, raw_of(job_id))
        return raw if isinstance(raw, bytes) else None

    def is_busy(self, queue: str) -> bool:
        """Return whether a job of this queue is ready or running, anywhere.

        Two round trips, O(1).
        """
        k = self._session.keys(queue)
        with self._session.available():
            return bool(self._session.client.zcard(k.ready) or self._session.client.hlen(k.running))


def fetched_in(answer: Any) -> Fetched:
    """Return what the answer to a fetch says."""
    state, next_due, left, clock, lost, taken = answer
    return Fetched(
        _STATES[state],
        None if next_due < 0 else next_due / 1000,
        left,
        clock,
        texts_of(lost),
        list(zip(texts_of(taken[::2]), taken[1::2], strict=True)),
    )


def _fetch_args(worker: str, count: int, terms: Terms, first: int, until: int = 0) -> list[Any]:
    lease, most = round(terms.lease * 1000), count if first else 0
    return [worker, lease, terms.text, most, MOST_FETCHED_BYTES, first, until]
