"""A burst: a worker that ends by itself when nothing is left to do."""

from collections.abc import Sequence

from jobs.store import Store
from jobs.worker.buffer import Buffer
from jobs.worker.chores import ChoresThread


class Burst:
    """Tells when the work of some queues is done."""

    def __init__(
        self,
        store: Store,
        buffer: Buffer,
        queues: Sequence[str],
        brought: ChoresThread,
        *,
        is_wanted: bool,
    ) -> None:
        """Take what to look at.

        A worker of which no burst `is_wanted` is never drained. Chores that were `brought` are done
        once before: they may enqueue, as the sweep of the outbox does.
        """
        self._brought = brought
        self._store = store
        self._buffer = buffer
        self._queues = queues
        self._is_wanted = is_wanted
        self.is_drained = False

    def look(self) -> None:
        """End the work of this process where nothing is left to do.

        That is where nothing is ready or running any more, in whichever process.
        A retry may become due while we look. So no more is taken from the moment at which we are
        done, and it does not come if anything was taken meanwhile. Raise StoreUnavailable.
        """
        buffer = self._buffer
        if not self._is_wanted or buffer.gate.is_quiet or not buffer.is_idle:
            return
        if not self._brought.has_turned:
            return
        takings = buffer.custody.takings
        if not any(map(self._store.running.is_busy, self._queues)):
            self.is_drained = buffer.end_taking_unless(takings)
