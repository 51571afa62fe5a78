"""The desk for new jobs, used by `client`.

Whatever it sends may be sent again after a lost answer.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from redis.exceptions import NoScriptError

from jobs.store.line import Exchange
from jobs.store.scripts import sources
from jobs.store.session import MOST_JOBS, Session

#: How long a push is remembered at least, in ms. Twice the timeout of its client is longer than it
#: goes on sending it again.
RECEIPT_MS = 30_000
_Call = tuple[tuple[str, ...], list[str | bytes | int]]


class NewJob(Struct, frozen=True, gc=False):
    """A job on its way into a queue.

    `due` is in ms since the epoch, or "+N": N ms from when Redis sees it.
    """

    id: str
    payload: bytes
    priority: int
    due: str = "+0"


class Intake:
    """Puts new jobs into queues."""

    def __init__(self, session: Session) -> None:
        """Take the session. Nothing is sent yet."""
        self._session = session
        self._receipt_ms = max(RECEIPT_MS, round(2000 * session.timeout))

    def push(self, queue: str, jobs: Sequence[NewJob]) -> int:
        """Insert up to 1,000 jobs and return how many were new. O(k log n).

        That is 0 when this very push was done before.
        """
        keys, args = self._push_call(queue, jobs)
        inserted: int = self._session.run_quickly("push", keys, args)
        return max(inserted, 0)

    def begin(self, queue: str, jobs: Sequence[NewJob]) -> "Underway | None":
        """Send up to 1,000 jobs and leave the answer for later. Raise StoreUnavailable.

        Return None on a cluster, where nothing is sent.
        """
        keys, args = self._push_call(queue, jobs)
        exchange = self._session.begin("push", keys, args)
        return None if exchange is None else Underway(self._session, exchange)

    def _push_call(self, queue: str, jobs: Sequence[NewJob]) -> _Call:
        """Return the keys and arguments of the script."""
        if len(jobs) > MOST_JOBS:
            raise ValueError(
                f"{len(jobs):,} jobs are too many for one push; send at most {MOST_JOBS:,}."
            )
        args: list[str | bytes | int] = [self._receipt_ms, len(jobs)]
        for job in jobs:
            args += (job.id, job.payload)
        for job in jobs if _are_several_kinds(jobs) else jobs[:1]:
            args += (job.priority, job.due)
        keys = self._session.keys(queue)
        return (*keys.all, keys.receipt([job.id for job in jobs])), args

    def push_all(self, jobs_by_queue: Mapping[str, Sequence[NewJob]]) -> int:
        """Push to several queues and return the number of new jobs.

        It takes one round trip, on a cluster one for each queue.
        """
        if len(jobs_by_queue) == 1 or self._session.is_spread:
            return sum([self.push(queue, jobs) for queue, jobs in jobs_by_queue.items()])
        calls = [self._push_call(queue, jobs) for queue, jobs in jobs_by_queue.items()]
        with self._session.available(), self._session.client.pipeline(transaction=False) as pipe:
            for keys, args in calls:
                pipe.evalsha(self._session.scripts.sha("push"), len(keys), *keys, *args)
            answers = pipe.execute(raise_on_error=False)
            for (keys, args), answer in zip(calls, answers, strict=True):
                if isinstance(answer, NoScriptError):
                    pipe.eval(sources()["push"], len(keys), *keys, *args)
                elif isinstance(answer, Exception):
                    raise answer
            answers += pipe.execute()
        return sum(max(answer, 0) for answer in answers if isinstance(answer, int))

    def announce_queues(self, queues: Sequence[str]) -> None:
        """Make queues known to those who look. O(k)."""
        with self._session.available():
            self._session.client.sadd(self._session.shared.queues, *queues)


def _are_several_kinds(jobs: Sequence[NewJob]) -> bool:
    """Tell whether jobs differ in their priority or due time."""
    return len(jobs) > 1 and len({(job.priority, job.due) for job in jobs}) > 1


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

    def drop(self) -> None:
        """Give the answer up."""
        self._exchange.drop()
