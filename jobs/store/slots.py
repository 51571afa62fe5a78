"""The slots of limits and locks in Redis.

Used by `jobs.features.limits` alone.
"""

from jobs.store.keys import LimitKeys
from jobs.store.session import Session


class Slots:
    """The slots of one limit."""

    def __init__(self, session: Session, name: str) -> None:
        """Take the name of the limit.

        Everybody who uses that name shares the slots.
        """
        self._session = session
        self._scripts = session.scripts
        self._keys = LimitKeys(session.namespace, name)

    def acquire(self, token: str, slots: int, lease: float) -> int:
        """Take a slot and return its fence.

        The fence is 0 when no slot is free. One round trip, O(log n).
        """
        keys = (self._keys.holders, self._keys.fence)
        with self._session.available():
            return int(self._scripts.run("acquire", keys, [token, slots, round(lease * 1000)]))

    def extend(self, token: str, lease: float) -> bool:
        """Extend a lease and return whether it was still good.

        One round trip, O(log n).
        """
        with self._session.available():
            return bool(
                self._scripts.run("extend", (self._keys.holders,), [token, round(lease * 1000)])
                == 1
            )

    def release(self, token: str) -> None:
        """Give a slot back.

        One round trip, O(log n).
        """
        with self._session.available():
            self._session.client.zrem(self._keys.holders, token)
