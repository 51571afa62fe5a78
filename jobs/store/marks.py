"""The desk for the marks of the outbox: which pushes were done.

Whatever became of their jobs. `push_unique` sets a mark together with the job. Used by the feature
`outbox`, and by those who look.
"""

from collections.abc import Collection, Mapping
from typing import Any

from jobs.store.availability import is_unavailable
from jobs.store.session import Session
from jobs.text import text_of

#: The names of pushes, by queue.
Pushes = Mapping[str, Collection[str]]
#: Most marks of a queue that one look finds.
MOST_MARKS = 500
#: Most marks that one call forgets: a million would keep Redis for half a second.
MOST_FORGOTTEN = 5_000


class Marks:
    """Sees and ends marks, through one session. Times are in ms by Redis' clock."""

    def __init__(self, session: Session) -> None:
        """Take the session without sending anything."""
        self._session = session

    def seen(self, pushes: Pushes) -> dict[str, float]:
        """Return which of these pushes were done, each with the score of its mark.

        None was done in a queue whose marks are no marks. One round trip, O(pushes).
        """
        names = [(queue, name) for queue, some in pushes.items() for name in some]
        if not names:
            return {}
        with self._session.available(), self._session.client.pipeline(transaction=False) as pipe:
            for queue, name in names:
                pipe.zscore(self._session.keys(queue).marks, name)
            scores = pipe.execute(raise_on_error=False)
            for score in scores:
                if isinstance(score, Exception) and is_unavailable(score):
                    raise score
        found = zip(names, scores, strict=True)
        return {name: score for (_, name), score in found if isinstance(score, float)}

    def end(self, pushes: Pushes, at: int) -> None:
        """Let the marks of these pushes end then.

        One that ends later stays. What is not marked stays so. One round trip, O(pushes log n).
        """
        if not any(pushes.values()):
            return
        with self._session.available(), self._session.client.pipeline(transaction=False) as pipe:
            for queue, names in pushes.items():
                if names:
                    # A mark that ends has a score below 0, so a later end is a lower score.
                    key = self._session.keys(queue).marks
                    pipe.zadd(key, dict.fromkeys(names, -at), xx=True, lt=True)
            pipe.execute()

    def old(self, queue: str, before: int) -> list[str]:
        """Return marks without an end that were set before then.

        500 at most. One round trip, O(log n).
        """
        key = self._session.keys(queue).marks
        with self._session.available():
            found: Any = self._session.client.zrangebyscore(key, 1, before, start=0, num=MOST_MARKS)
        return [text_of(name) for name in found]

    def forget_ended(self, queue: str, now: int) -> bool:
        """Forget marks that have ended, and tell whether there may be more.

        5,000 at most, or all that end at the same time. Two round trips, O(log n + marks).
        """
        key, first, client = self._session.keys(queue).marks, f"({-now}", self._session.client
        with self._session.available():
            found: Any = client.zrangebyscore(
                key, first, 0, start=MOST_FORGOTTEN - 1, num=1, withscores=True
            )
            client.zremrangebyscore(key, first, found[0][1] if found else 0)
        return bool(found)

    def queues(self) -> list[str]:
        """Return the names of all queues. One round trip, O(queues)."""
        with self._session.available():
            found: Any = self._session.client.smembers(self._session.shared.queues)
        return sorted(map(text_of, found))
