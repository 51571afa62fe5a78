"""The queues of a cluster whose node is away.

A thread of its own looks for their return, so that no job waits for it.

With a single node there is nothing to tell apart: whoever fetches finds out, and pauses.
"""

import threading
from collections.abc import Iterable

from jobs.conf import JobsSettings
from jobs.errors import StoreUnavailable
from jobs.events import QueuesAway, QueuesBack, emit
from jobs.store import Store

#: Pause between two looks, and how long a look may take, in seconds.
LOOK_EVERY = 0.25
LOOK_TIMEOUT = 1.0


class Away:
    """Knows which queues cannot be reached."""

    def __init__(self, settings: JobsSettings) -> None:
        """Take the settings.

        A thread starts with the first queue that is away.
        """
        self._settings = settings
        self._queues: set[str] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def __contains__(self, queue: str) -> bool:
        """Whether a queue cannot be reached."""
        return queue in self._queues

    def add(self, queues: Iterable[str]) -> None:
        """Note that these cannot be reached."""
        with self._lock:
            new = set(queues) - self._queues
            self._queues |= new
            if new:
                emit(QueuesAway(",".join(sorted(new))))
            if self._queues and self._thread is None:
                self._thread = threading.Thread(target=self._look, name="jobs-away", daemon=True)
                self._thread.start()

    def _look(self) -> None:
        """Ask for each queue until all are back."""
        pause, store = threading.Event(), None
        while True:
            pause.wait(LOOK_EVERY)
            try:
                store = store or Store(
                    self._settings.redis_url, self._settings.namespace, timeout=LOOK_TIMEOUT
                )
            except StoreUnavailable:  # to know a cluster, one of its nodes must answer
                continue
            self._ask(store)
            with self._lock:
                if not self._queues:
                    self._thread = None
                    store.close()
                    return

    def _ask(self, store: Store) -> None:
        """Ask for each queue once.

        Those beside one that does not answer are left out: each would take as long.
        """
        silent: set[str] = set()
        for queue in self._queues.copy():
            if queue in silent:
                continue
            if self._answers(store, queue):
                self._note_return(queue)
            else:
                silent.update(store.queues_beside(queue, list(self._queues)))

    def _answers(self, store: Store, queue: str) -> bool:
        try:
            store.running.is_busy(queue)
        except StoreUnavailable:
            return False
        except Exception:  # noqa: BLE001  # it answers, and a fetch will tell what is wrong
            return True
        return True

    def _note_return(self, queue: str) -> None:
        with self._lock:
            self._queues.discard(queue)
        emit(QueuesBack(queue))
