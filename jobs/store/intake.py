"""The desk for new jobs, used by `client`.

Whatever it sends may be sent again after a lost answer.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

from msgspec import Struct
from redis.exceptions import NoScriptError

from jobs.errors import QueueFull
from jobs.store.line import Exchange
from jobs.store.scripts import Call
from jobs.store.session import MOST_JOBS, Session
from jobs.text import text_of

#: How long a push is remembered at least, in ms. Twice the timeout of its client is longer than it
#: goes on sending it again.
RECEIPT_MS = 30_000

#: What becomes of a job whose place is taken.
Conflict = Literal["return", "raise", "replace", "debounce"]


class Claim(Struct, frozen=True, gc=False):
    """What a new job wants of Redis beyond its place.

    `key` is unique until the job is done, until it is started, or for a window in ms.
    It expires `expires_in` ms after it is due, and can be debounced for `max_wait` ms.
    A job whose id was chosen by its caller has a `push`, another for each call: what it
    asks for is no repetition of an earlier push.
    """

    key: str = ""
    until: Literal["done", "start"] | int = "done"
    conflict: Conflict = "return"
    expires_in: int | None = None
    max_wait: int | None = None
    push: str = ""

    @property
    def trait(self) -> str:
        """Return it as scripts read it."""
        return f"unique={self.until}/{self.key}" if self.key else ""


class NewJob(Struct, frozen=True, gc=False):
    """A job on its way into a queue.

    `due` is in ms since the epoch, or "+N": N ms from when Redis sees it. With a claim
    it may be a duplicate of another job. One that `is_kept` lies in the outbox too.
    """

    id: str
    payload: bytes
    priority: int
    due: str = "+0"
    claim: Claim | None = None
    is_kept: bool = False

    @property
    def push(self) -> str:
        """The name of its push, the same however often that is sent."""
        return self.claim.push or self.id if self.claim else self.id


#: The ids of jobs that were not inserted, each with the id of the job that has its place.
Duplicates = dict[str, str]


class Intake:
    """Puts new jobs into queues."""

    def __init__(self, session: Session) -> None:
        """Take the session. Nothing is sent yet."""
        self._session = session
        self._receipt_ms = max(RECEIPT_MS, round(2000 * session.timeout))

    def push(
        self,
        queue: str,
        jobs: Sequence[NewJob],
        duplicates: Duplicates | None = None,
        bound: int | None = None,
    ) -> int:
        """Insert up to 1,000 jobs and return how many were new. O(k log n).

        That is 0 when this very push was done before, but for one with a claim: it answers as it
        did. Those with a claim that were not inserted are noted in `duplicates`. Raise QueueFull
        and insert none where the queue would hold more than its `bound`.
        """
        script, keys, args = self._push_call(queue, jobs, bound)
        answer = self._session.run_quickly(script, keys, args)
        if script == "push" and answer > 0:  # the way of most jobs
            return answer  # type: ignore[no-any-return]  # a number
        if bound is not None and type(answer) is int and answer < _DONE_BEFORE:
            raise QueueFull(queue, _DONE_BEFORE - 1 - answer, bound, len(jobs))
        return _inserted(jobs, answer, duplicates)

    def begin(self, queue: str, jobs: Sequence[NewJob]) -> "Underway | None":
        """Send up to 1,000 jobs and leave the answer for later. Raise StoreUnavailable.

        Return None on a cluster, where nothing is sent. The answer tells nothing of duplicates.
        """
        script, keys, args = self._push_call(queue, jobs)
        exchange = self._session.begin(script, keys, args)
        return None if exchange is None else Underway(self._session, exchange)

    def _push_call(self, queue: str, jobs: Sequence[NewJob], bound: int | None = None) -> Call:
        """Return the script, its keys and its arguments."""
        if len(jobs) > MOST_JOBS:
            raise ValueError(
                f"{len(jobs):,} jobs are too many for one push; send at most {MOST_JOBS:,}."
            )
        args: list[str | bytes | int] = [self._receipt_ms, len(jobs)]
        for job in jobs:
            if job.claim is not None or job.is_kept:
                return self._claiming_call(queue, jobs, bound)
            args += (job.id, job.payload)
        for job in jobs if len(jobs) > 1 and _are_several_kinds(jobs) else jobs[:1]:
            args += (job.priority, job.due)
        if bound is not None:
            args.append(bound)
        keys = self._session.keys(queue)
        return "push", (*keys.all, keys.receipt([job.id for job in jobs])), args

    def _claiming_call(self, queue: str, jobs: Sequence[NewJob], bound: int | None) -> Call:
        """Return the same for jobs of which some have a claim, or are kept."""
        args: list[str | bytes | int] = [self._receipt_ms, len(jobs)]
        names = []
        for job in jobs:
            claim = job.claim or _NO_CLAIM
            args += (job.id, job.payload, job.priority, job.due, claim.trait)
            args += (_text(claim.expires_in), claim.conflict, _text(claim.max_wait))
            args.append(job.push if job.is_kept else "")
            names.append(job.push)
        if bound is not None:
            args.append(bound)
        keys = self._session.keys(queue)
        return "push_unique", (*keys.all, keys.receipt(names), keys.marks), args

    def push_all(
        self,
        jobs_by_queue: Mapping[str, Sequence[NewJob]],
        duplicates: Duplicates | None = None,
        bounds: Mapping[str, int] = MappingProxyType({}),
    ) -> int:
        """Push to several queues and return the number of new jobs.

        Those with a claim that were not inserted are noted in `duplicates`. It takes one round
        trip, on a cluster one for each queue. A queue with a bound must come alone. Raise QueueFull
        where it cannot hold its jobs.
        """
        if len(jobs_by_queue) == 1 or self._session.is_spread:
            inserted = 0
            for queue, jobs in jobs_by_queue.items():
                bound = bounds.get(queue) if bounds else None
                inserted += self.push(queue, jobs, duplicates, bound)
            return inserted
        calls = [self._push_call(queue, jobs) for queue, jobs in jobs_by_queue.items()]
        with self._session.available():
            answers = self._session.scripts.run_all(calls)
            for answer in answers:
                if isinstance(answer, Exception):
                    raise answer
        return sum(
            _inserted(jobs, answer, duplicates)
            for jobs, answer in zip(jobs_by_queue.values(), answers, strict=True)
        )

    def holders(self, queue: str, keys: Sequence[str]) -> dict[str, str]:
        """Return the ids of the jobs that hold unique keys, by these keys.

        A key that nobody holds is left out. A round trip for each 1,000 keys, O(k log n).
        """
        holders: dict[str, str] = {}
        for first in range(0, len(keys), MOST_JOBS):
            portion = keys[first : first + MOST_JOBS]
            found = map(text_of, self._session.run("holders", queue, portion))
            holders |= {key: job_id for key, job_id in zip(portion, found, strict=True) if job_id}
        return holders

    def size(self, queue: str) -> int:
        """Return how many jobs of a queue have not ended. One round trip, O(1)."""
        return int(self._session.run("size", queue, []))

    def announce_queues(self, queues: Sequence[str]) -> None:
        """Make queues known to those who look. O(k)."""
        with self._session.available():
            self._session.client.sadd(self._session.shared.queues, *queues)


_NO_CLAIM = Claim()
#: What a push answers that was done before. Below it stands how full the queue is.
_DONE_BEFORE = -1


def _text(number: int | None) -> str | int:
    return "" if number is None else number


def _inserted(jobs: Sequence[NewJob], answer: Any, duplicates: Duplicates | None) -> int:
    """Return how many jobs a push has inserted, and note the others.

    `push` answers with a number, `push_unique` with "+id" or "=id of another" for each.
    """
    if type(answer) is int:
        return max(answer, 0)
    inserted = 0
    for job, word in zip(jobs, text_of(answer).split(" "), strict=True):
        if word[0] == "+":
            inserted += 1
        elif duplicates is not None:
            duplicates[job.id] = word[1:]
    return inserted


def _are_several_kinds(jobs: Sequence[NewJob]) -> bool:
    """Tell whether jobs differ in their priority or due time."""
    return len({(job.priority, job.due) for job in jobs}) > 1


class Underway:
    """A push that was sent, and whose answer is still to be read."""

    def __init__(self, session: Session, exchange: Exchange) -> None:
        """Take the exchange that was begun."""
        self._session = session
        self._exchange = exchange

    def is_done(self) -> bool:
        """Wait for the answer, and tell whether Redis took the push.

        It did not if it does not know the script. Raise StoreUnavailable when the answer is lost.
        """
        with self._session.available():
            try:
                self._exchange.answer()
            except NoScriptError:
                return False
        return True

    async def arrived(self) -> None:
        """Wait in an event loop until the answer can be read."""
        await self._exchange.readable()

    def drop(self) -> None:
        """Give the answer up."""
        self._exchange.drop()
