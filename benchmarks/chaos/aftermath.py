"""What is in Redis when it is all over."""

from collections.abc import Collection, Iterator
from typing import Any

import redis

from jobs.conf import JobsSettings
from jobs.store import Store
from jobs.text import text_of

SETS = ("ready", "scheduled", "retry", "dead", "done")


class Aftermath:
    """Looks at the queues of the drill."""

    def __init__(self, settings: JobsSettings) -> None:
        """Open a store, which connects when first used."""
        self._queues = settings.queues
        self._store = Store(settings.redis_url, settings.namespace, timeout=5.0)
        self._client = redis.Redis.from_url(settings.redis_url)

    def is_drained(self, alive: Collection[int]) -> bool:
        """Whether nothing is left but results, as far as Redis can be asked.

        The leases of all supervisors but those `alive` are gone too. Those of the killed
        end only while others work.
        """
        try:
            return all(
                self._has_only_results(queue) and self._leased_by(queue) <= set(alive)
                for queue in self._queues
            )
        except redis.ConnectionError:
            return False

    def _leased_by(self, queue: str) -> set[int]:
        """Return the process ids of the supervisors that have leases."""
        names: Any = self._client.zrange(self._store.keys(queue).leases, 0, -1)
        return {int(name.split(b":")[1]) for name in names}

    def _has_only_results(self, queue: str) -> bool:
        keys = self._store.keys(queue)
        left = self._client.hlen(keys.payloads)
        results = self._client.zcard(keys.done)
        return left == results

    def complaints(self) -> list[str]:
        """Return a line for everything that should not be left.

        By then all workers have stopped.
        """
        return [line for queue in self._queues for line in self._complaints(queue)]

    def _complaints(self, queue: str) -> Iterator[str]:
        keys = self._store.keys(queue)
        if running := self._client.hlen(keys.running):
            yield f"{running} jobs of {queue} are still running"
        if leases := self._client.zrange(keys.leases, 0, -1):
            yield f"leases of {queue} are left: {leases}"
        if dead := self._client.zcard(keys.dead):
            yield f"{dead} jobs of {queue} are dead"
        for job_id, where in self._broken(queue):
            yield f"job {job_id} of {queue} is {where}"

    def _broken(self, queue: str) -> list[tuple[str, str]]:
        keys = self._store.keys(queue)
        ids: set[Any] = {*self._client.hkeys(keys.payloads), *self._client.hkeys(keys.running)}
        for name in SETS:
            ids.update(self._client.zrange(getattr(keys, name), 0, -1))
        listed = sorted(text_of(job_id) for job_id in ids)
        return [
            found
            for start in range(0, len(listed), 500)
            for found in self._store.sets.audit(queue, listed[start : start + 500], repair=False)
        ]
