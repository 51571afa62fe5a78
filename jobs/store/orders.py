"""Orders from people to one worker: be quiet, stop, cancel a job. A worker asks for its own once a second.

An order whose answer was lost on the way to the worker is lost; whoever gave it sees nothing change and gives it again.
"""

from jobs.store.store import Store

#: How long an order waits for a worker that does not ask, in seconds.
VALID_FOR = 60
#: Most orders that are taken at a time.
MOST_ORDERS = 100


class Orders:
    """Gives and takes orders through one store."""

    def __init__(self, store: Store) -> None:
        """Take the store; nothing is sent yet."""
        self._store = store

    def give(self, worker: str, order: str) -> bool:
        """Leave an order for a worker; return whether it gives signs of life. One round trip, O(1)."""
        key, shared = self._store.shared.orders(worker), self._store.shared
        with self._store.available(), self._store.client.pipeline(transaction=False) as pipe:
            pipe.exists(shared.worker(worker))
            pipe.rpush(key, order)
            pipe.expire(key, VALID_FOR)
            is_alive, *_ = pipe.execute()
        return bool(is_alive)

    def take(self, worker: str) -> list[str]:
        """Return the orders for a worker and forget them. One round trip, O(k)."""
        with self._store.available():
            found = self._store.client.lpop(self._store.shared.orders(worker), MOST_ORDERS)
        return [order.decode() for order in found or () if isinstance(order, bytes)]
