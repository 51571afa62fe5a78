"""The desk for what waits: moves jobs between sets, pauses and limits queues.

It also checks that each job is in one place.

Used by `control` and the doctor.
"""

from collections.abc import Sequence
from typing import Literal

from jobs.store.session import Session
from jobs.text import text_of

#: Where jobs that wait can be moved; "scheduled" gives those of the retry set a new time there.
Destination = Literal["ready", "scheduled", "dead", "delete"]


class Sets:
    """Changes the sets of queues for people."""

    def __init__(self, session: Session) -> None:
        """Take the session without sending anything."""
        self._session = session

    def move(
        self,
        queue: str,
        source: Literal["ready", "scheduled", "retry", "dead", "done"],
        destination: Destination,
        job_ids: Sequence[str],
        due_at: float = 0.0,
    ) -> int:
        """Move jobs that wait from one set to another, or delete them.

        Return how many were there. O(k log n).
        """
        return int(
            self._session.run("move", queue, [source, destination, round(due_at * 1000), *job_ids])
        )

    def pause(self, queue: str) -> None:
        """Let no worker take jobs from a queue.

        One round trip, O(1).
        """
        with self._session.available():
            self._session.client.hset(self._session.keys(queue).meta, "paused", "1")

    def resume(self, queue: str) -> None:
        """Let workers take jobs again, and wake one.

        One round trip, O(1).
        """
        k = self._session.keys(queue)
        with self._session.available(), self._session.client.pipeline(transaction=True) as pipe:
            pipe.hdel(k.meta, "paused")
            pipe.rpush(k.bell, 1)
            pipe.ltrim(k.bell, 0, 0)
            pipe.execute()

    def limit(self, queue: str, most: int | None) -> None:
        """Let so many jobs of a queue run at a time.

        With None any number may run. What runs goes on, and a worker is woken. One round trip,
        O(1).
        """
        k = self._session.keys(queue)
        with self._session.available(), self._session.client.pipeline(transaction=True) as pipe:
            if most is None:
                pipe.hdel(k.meta, "most_running")
            else:
                pipe.hset(k.meta, "most_running", str(most))
            pipe.rpush(k.bell, 1)
            pipe.ltrim(k.bell, 0, 0)
            pipe.execute()

    def audit(self, queue: str, job_ids: Sequence[str], *, repair: bool) -> list[tuple[str, str]]:
        """Return (id, where it was found) of jobs not in exactly one place.

        Repair them if asked.
        """
        found = self._session.run("audit", queue, [int(repair), *job_ids])
        return [(text_of(found[i]), text_of(found[i + 1])) for i in range(0, len(found), 2)]
