"""Tells what a killed Redis forgot.

It writes the time into it again and again, and reads what is left of that.
"""

import threading
import time

import redis

_KEY = "chaos:canary"
_EVERY = 0.02


class Canary:
    """A thread that writes while it `may_write`. Times are those of the monotonic clock."""

    def __init__(self, url: str) -> None:
        """Begin, but write nothing yet."""
        self._client = redis.Redis.from_url(url, socket_timeout=1.0)
        self._may_write = threading.Event()
        self._acknowledged = 0.0
        threading.Thread(target=self._run, daemon=True).start()

    def pause(self) -> None:
        """Write no more, since the server is about to go."""
        self._may_write.clear()

    def go_on(self) -> float | None:
        """Write again, to a server that has just come back.

        Return since when it has forgotten, None if it remembers all that it answered.
        """
        found = self._client.get(_KEY)
        remembered = float(found) if isinstance(found, bytes) else 0.0
        has_forgotten = remembered < self._acknowledged
        self._may_write.set()
        return remembered if has_forgotten else None

    def _run(self) -> None:
        while self._may_write.wait():
            now = time.monotonic()
            try:
                self._client.set(_KEY, now)
            except redis.RedisError:
                pass
            else:
                self._acknowledged = now
            time.sleep(_EVERY)
