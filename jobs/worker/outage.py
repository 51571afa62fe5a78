"""An absent Redis as the buffer sees it.

It is told once, and the pause grows with each failure.
"""

import time

from jobs.errors import StoreUnavailable
from jobs.events import RedisAway, emit

#: Shortest and longest pause while Redis is away, in seconds.
PAUSES = (0.05, 1.0)


class Outage:
    """Whether Redis is away, and when it is asked again.

    The caller holds the lock of the buffer.
    """

    def __init__(self) -> None:
        """Start with a Redis that is there."""
        #: How long to wait before Redis is asked again, in seconds; 0 when it is there.
        self.pause = 0.0
        self._tries_again_at = 0.0

    def note(self, worker: str, error: Exception | None) -> None:
        """Note a failure, and say so if it is the first."""
        if not self.pause:
            is_expected = error is None or isinstance(error, StoreUnavailable)
            emit(RedisAway(worker, error, raised=None if is_expected else error))
        shortest, longest = PAUSES
        self.pause = min(max(shortest, self.pause * 2), longest)
        self._tries_again_at = time.monotonic() + self.pause

    def end(self) -> None:
        """Note that Redis has answered."""
        self.pause = 0.0

    def may_try(self) -> bool:
        """Whether the pause after the last failure is over."""
        return time.monotonic() >= self._tries_again_at
