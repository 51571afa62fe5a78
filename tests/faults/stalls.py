"""Tells when the machine had no time for a drill.

The proxies of a drill run in its own process. Where that process or the server stands still for
longer than clients wait, they meet an absent Redis that nobody has planned.
"""

import threading
import time
from collections import deque

import redis

#: How often it looks, in seconds.
_EVERY = 0.05
#: How many looks are kept.
_MOST = 10_000


class Stalls:
    """A thread that asks the server again and again.

    It notes how long that took.
    """

    def __init__(self, redis_url: str) -> None:
        """Begin to look."""
        self._client = redis.Redis.from_url(redis_url)
        self._has_ended = threading.Event()
        #: When a look ended, by the monotonic clock, and the seconds since the one before it.
        self._gaps: deque[tuple[float, float]] = deque(maxlen=_MOST)
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._has_ended.set()
        self._thread.join()
        self._client.close()

    def longest_since(self, moment: float) -> float:
        """Return the longest stall in seconds since a moment of the monotonic clock."""
        return max((seconds for at, seconds in list(self._gaps) if at >= moment), default=0.0)

    def _look(self) -> None:
        before = time.monotonic()
        while not self._has_ended.wait(_EVERY):
            self._client.ping()
            now = time.monotonic()
            self._gaps.append((now, now - before))
            before = now
