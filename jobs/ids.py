"""Job ids: made by the client, so that sending a push again is harmless. Used by `enqueue`; knows nothing of Redis."""

import os
import random
import threading
import time
from collections.abc import Callable

_SEQUENCE_BITS = 12
_SEQUENCE_MASK = (1 << _SEQUENCE_BITS) - 1
_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62


class JobIdGenerator:
    """Make UUIDv7 ids without dashes (RFC 9562, method 1: a counter in `rand_a`).

    Ids are 32 hex characters and strictly increasing within a process, also when the clock stands still or steps back.
    Safe to share between threads and to inherit by fork: 62 bits of every id are random, from a generator of its own
    that the operating system seeds in each process. (Asking the operating system each time costs more than the rest.)
    """

    def __init__(self, clock_ns: Callable[[], int] = time.time_ns) -> None:
        """Take a clock that returns nanoseconds since the epoch."""
        self._clock_ns = clock_ns
        self._lock = threading.Lock()
        self._last = 0
        self._random = random.Random()
        os.register_at_fork(after_in_child=self._random.seed)

    def __call__(self) -> str:
        """Return the next id."""
        tick = (self._clock_ns() // 1_000_000) << _SEQUENCE_BITS
        with self._lock:
            self._last = tick = max(tick, self._last + 1)
        milliseconds, sequence = tick >> _SEQUENCE_BITS, tick & _SEQUENCE_MASK
        return f"{milliseconds << 80 | _VERSION | sequence << 64 | _VARIANT | self._random.getrandbits(62):032x}"


new_job_id = JobIdGenerator()
