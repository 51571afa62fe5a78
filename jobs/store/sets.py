"""The desk for what waits: moves jobs between sets, pauses and limits queues.

It also checks that each job is in one place.

Used by `control` and the doctor.
"""

from collections.abc import Sequence
from typing import Literal

from jobs.store.session import Session
from jobs.text import raw_of, text_of, texts_of

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
        barred: list[str] | None = None,
    ) -> int:
        """Move jobs that wait from one set to another, or delete them.

        Return how many were there. One that would come back to life stays where it is while
        another job holds its unique key. Their ids are added to `barred`. O(k log n).
        """
        args = [source, destination, round(due_at * 1000), *job_ids]
        moved, stayed = self._session.run("move", queue, args)
        if barred is not None:
            barred += texts_of(stayed)
        return int(moved)

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

    def mend_keys(
        self, queue: str, place: str, names: Sequence[str], *, repair: bool = False
    ) -> list[tuple[str, str, str]]:
        """Return what is wrong in `unique`, `traits` or `notes`.

        Each fault is (key or id, who has the key, what is wrong). That is a `key` of no job, a
        `leftover` of a job that is gone, a `missing` key, or `two` jobs of one key. All but the
        last are repaired if asked. O(k log n).
        """
        found = self._session.run("mend_keys", queue, [int(repair), place, *names]) if names else []
        parts = [text_of(part) for part in found]
        return list(zip(parts[::3], parts[1::3], parts[2::3], strict=True))

    def rewrite(self, queue: str, changes: Sequence[tuple[str, bytes, bytes]]) -> int:
        """Write payloads anew that are still as they were read, and return how many.

        A change is (id, payload that was read, new payload). One round trip, O(k).
        """
        args = [part for job_id, read, new in changes for part in (raw_of(job_id), read, new)]
        return int(self._session.run("rewrite", queue, args)) if args else 0
