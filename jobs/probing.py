"""Who asks a Redis that did not answer: one of many, now and then.

`commit` goes by it for jobs of the outbox, which need no push of their own. Otherwise each request
would wait in vain, and soon all threads of a web server.
"""

import time
from collections.abc import Callable

from jobs.errors import StoreUnavailable

#: How long nobody asks after a push that failed. Seconds.
PAUSE = 2.0


class Probing:
    """What one process knows of a Redis that does not answer."""

    def __init__(self, timeout: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the longest that one push may take, in seconds."""
        self._timeout = timeout
        self._clock = clock
        self._failure: StoreUnavailable | None = None
        self._next_at = 0.0

    def reason_to_wait(self) -> StoreUnavailable | None:
        """Return why the caller need not push, None if it is to try.

        Where Redis did not answer, the others wait for what this one finds.
        """
        now = self._clock()
        if self._failure is None or now < self._next_at:
            return self._failure
        self._next_at = now + self._timeout + PAUSE
        return None

    def has_failed(self, error: StoreUnavailable) -> None:
        """Let nobody try for a moment."""
        self._failure, self._next_at = error, self._clock() + PAUSE

    def has_succeeded(self) -> None:
        """Let everybody push again."""
        self._failure = None
