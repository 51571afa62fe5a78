"""The queues that are not to be asked just now.

Redis refuses them, or their node is away.
"""

import time
from collections.abc import Iterable, Sequence

from jobs.conf import JobsSettings
from jobs.errors import StoreUnavailable
from jobs.events import QueueRefused, emit
from jobs.store import Store
from jobs.worker.away import LOOK_EVERY, Away

#: A queue whose keys Redis refuses to use is tried again after so long, in seconds.
REFUSED_FOR = 1.0


class Obstacles:
    """What failed at one queue, so that it costs the others nothing."""

    def __init__(self, store: Store, queues: Sequence[str], settings: JobsSettings) -> None:
        """Start with none."""
        self._store = store
        self._queues = queues
        self._refused_until: dict[str, float] = {}
        self.away = Away(settings)

    def seconds_left(self, queue: str) -> float:
        """Return for how many seconds a queue is not to be asked.

        It is 0 when the queue may be asked.
        """
        if queue in self.away:
            return LOOK_EVERY
        return max(0.0, self._refused_until.get(queue, 0.0) - time.monotonic())

    def overcome(self, queue: str) -> None:
        """Note that a queue has answered."""
        self._refused_until.pop(queue, None)

    def shun(self, queues: Iterable[str]) -> None:
        """Leave out the nodes of some queues of a cluster until they answer."""
        for queue in queues:
            self.away.add(self._store.queues_beside(queue, self._queues))

    def meet(self, queue: str, error: Exception) -> float | None:
        """Note a failure at one queue.

        Return after how many seconds it is asked again, or None when Redis is away as a whole, so
        that the other queues need not be tried.
        """
        if isinstance(error, StoreUnavailable):
            if not self._store.is_spread:
                return None
            self.shun([queue])
            return LOOK_EVERY
        # It answers, and refuses this queue: a key is of a wrong type, say.
        if queue not in self._refused_until:
            emit(QueueRefused(queue, error))
        self._refused_until[queue] = time.monotonic() + REFUSED_FOR
        return REFUSED_FOR
