"""The link of a supervisor to Redis: one store, and its patience."""

from collections.abc import Sequence

from jobs.conf import JobsSettings
from jobs.store import Leases, Store, Terms
from jobs.store.heartbeats import Heartbeats
from jobs.worker.recovery import Recovery


class Link:
    """What a supervisor talks to Redis with.

    It is made anew when a stop leaves less time.
    """

    def __init__(self, settings: JobsSettings, timeout: float) -> None:
        """Take the longest wait for one answer, in seconds."""
        self._settings = settings
        self.limit_waiting(timeout)

    def limit_waiting(self, timeout: float) -> None:
        """Wait so many seconds for Redis at most from now on.

        Raise StoreUnavailable if a whole cluster is away.
        """
        settings = self._settings
        self.store = Store(settings.redis_url, settings.namespace, timeout=timeout)
        self.leases = Leases(self.store, Terms.of(settings))
        self.recovery = Recovery(self.store, settings)
        self.heartbeats = Heartbeats(self.store)

    def close(self) -> None:
        """Close every connection, as must be done before a fork."""
        self.store.close()

    def beside(self, queue: str, queues: Sequence[str]) -> list[str]:
        """Return the queues that lie where this one does.

        Where one is away they all are, and each wait is long.
        """
        return self.store.queues_beside(queue, queues)
