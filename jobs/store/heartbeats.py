"""The desk for heartbeats: shows a worker to those who look.

It also forgets workers that have gone.

The clock of Redis tells when a worker was last seen. So a host whose own clock is wrong is listed
like any other.
"""

from collections.abc import Mapping
from typing import Any

from jobs.store.session import Session

#: A worker that has been silent for so long is forgotten, and not even looked at. Seconds. What
#: crashed machines leave must not add up.
FORGET_AFTER = 3600
#: Most workers that one heartbeat forgets.
MOST_FORGOTTEN = 100


class Heartbeats:
    """Keeps heartbeats through one session."""

    def __init__(self, session: Session) -> None:
        """Take the session without sending anything."""
        self._session = session
        self._client = session.client
        self._available = session.available
        self._shared = session.shared

    def beat(self, worker: str, facts: Mapping[str, str | int | float], ttl: float) -> float:
        """Show a worker for `ttl` seconds, and return the time by Redis' clock.

        In epoch seconds. It also forgets a few workers that have been silent for an hour.

        Two round trips, three where there is one to forget. O(log n).
        """
        key, workers = self._shared.worker(worker), self._shared.workers
        mapping: dict[Any, Any] = dict(facts)  # redis-py is particular about the types of keys
        now = self._session.now()
        with self._available():
            with self._client.pipeline(transaction=False) as pipe:
                pipe.hset(key, mapping=mapping)
                pipe.pexpire(key, round(ttl * 1000))
                pipe.zadd(workers, {worker: now})
                pipe.zrangebyscore(workers, "-inf", now - FORGET_AFTER, start=0, num=MOST_FORGOTTEN)
                silent = pipe.execute()[-1]
            if silent:
                self._client.zrem(workers, *silent)
        return now

    def forget(self, worker: str) -> None:
        """Stop showing a worker.

        Two round trips, O(log n).
        """
        with self._available():
            self._client.delete(self._shared.worker(worker))
            self._client.zrem(self._shared.workers, worker)
