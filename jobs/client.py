"""The client: sends new jobs to Redis within a bounded time. Used by `enqueue` and `commit`; knows no job classes."""

import functools
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from django.core.signals import setting_changed

from jobs.conf import get_settings
from jobs.errors import StoreUnavailable
from jobs.store import MOST_JOBS, NewJob, Store

#: How often a process makes its queues known again, in seconds.
ANNOUNCE_EVERY = 60.0


class Client:
    """Pushes jobs. Threads may share it, and so may processes that fork."""

    def __init__(self, store: Store, timeout: float) -> None:
        """Take a store whose own timeout is half of `timeout`, the longest that a push may block."""
        self._store = store
        self._timeout = timeout
        self._announced: dict[str, float] = {}

    def push(self, jobs: Iterable[tuple[str, NewJob]]) -> None:
        """Push (queue, job) pairs, up to 1,000 in a round trip. Raise StoreUnavailable beyond the time bound."""
        batch: dict[str, list[NewJob]] = {}
        for number, (queue, job) in enumerate(jobs, 1):
            batch.setdefault(queue, []).append(job)
            if number % MOST_JOBS == 0:
                self._push_batch(batch)
                batch = {}
        if batch:
            self._push_batch(batch)

    def _push_batch(self, batch: Mapping[str, Sequence[NewJob]]) -> None:
        deadline = time.monotonic() + self._timeout / 2
        while True:
            try:
                self._store.push_all(batch)
                break
            except StoreUnavailable:
                # A push may be sent again: it inserts only what is new. A connection that broke while idle fails soon.
                if time.monotonic() >= deadline:
                    raise
                time.sleep(min(0.02, self._timeout / 50))
        self._announce(batch)

    def _announce(self, queues: Iterable[str]) -> None:
        now = time.monotonic()
        new = [queue for queue in queues if now - self._announced.get(queue, -ANNOUNCE_EVERY) >= ANNOUNCE_EVERY]
        if new:
            self._announced.update(dict.fromkeys(new, now))
            # The jobs are in Redis: whoever enqueued them must not hear of a failure now.
            with suppress(StoreUnavailable):
                self._store.announce_queues(new)


@functools.cache
def get_client() -> Client:
    """Return the client of the project's settings."""
    settings = get_settings()
    store = Store(settings.redis_url, settings.namespace, timeout=settings.enqueue_timeout / 2)
    return Client(store, settings.enqueue_timeout)


def _forget(*, setting: str, **_: object) -> None:
    if setting == "JOBS":
        get_client.cache_clear()


setting_changed.connect(_forget, dispatch_uid="jobs.client")
