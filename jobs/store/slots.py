"""The slots of limits and locks in Redis. Used by `jobs.locks` alone."""

from jobs.store.keys import LimitKeys
from jobs.store.scripts import Scripts
from jobs.store.store import Store


class Slots:
    """The slots of one limit."""

    def __init__(self, store: Store, name: str) -> None:
        """Take the name of the limit; everybody who uses it shares the slots."""
        self._store = store
        self._scripts = Scripts(store.client)
        self._keys = LimitKeys(store.namespace, name)

    def acquire(self, token: str, slots: int, lease: float) -> int:
        """Take a slot and return its fence, 0 when none is free. One round trip, O(log n)."""
        keys = (self._keys.holders, self._keys.fence)
        with self._store.available():
            return int(self._scripts.run("acquire", keys, [token, slots, round(lease * 1000)]))

    def extend(self, token: str, lease: float) -> bool:
        """Extend a lease and return whether it was still good. One round trip, O(log n)."""
        with self._store.available():
            return bool(self._scripts.run("extend", (self._keys.holders,), [token, round(lease * 1000)]) == 1)

    def release(self, token: str) -> None:
        """Give a slot back. One round trip, O(log n)."""
        with self._store.available():
            self._store.client.zrem(self._keys.holders, token)
