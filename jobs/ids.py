"""Job ids, which the client makes, so that sending a push again is harmless."""

import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator

_SEQUENCE_BITS = 12
_SEQUENCE_MASK = (1 << _SEQUENCE_BITS) - 1
_VERSION = 0x7 << _SEQUENCE_BITS
_VARIANT = 0b10 << 62
#: Ids that are made at once for many jobs.
_BLOCK = 64
#: The second halves of a block, as one number: the bits that are random, and the variants.
_CHANCES = sum((1 << 62) - 1 << 64 * number for number in range(_BLOCK))
_VARIANTS = sum(_VARIANT << 64 * number for number in range(_BLOCK))


def _written(tick: int, chance: int) -> str:
    """Return an id, of which half is the time and half is random.

    Between the two stand the version and the counter.
    """
    milliseconds, sequence = tick >> _SEQUENCE_BITS, tick & _SEQUENCE_MASK
    return f"{milliseconds << 16 | _VERSION | sequence:016x}{_VARIANT | chance:016x}"


_OURS = re.compile(r"[0-9a-f]{12}7[0-9a-f]{19}\Z")


def is_older(job_id: str, other: str) -> bool:
    """Tell whether a job was made before another, as far as their ids tell.

    Ids that a caller chose tell nothing. Those of two hosts tell what their clocks did.
    """
    return bool(_OURS.match(job_id) and _OURS.match(other)) and job_id < other


class JobIdGenerator:
    """Makes UUIDv7 ids without dashes (RFC 9562, method 1: a counter in `rand_a`).

    Ids are 32 hex characters and strictly increasing within a process, also when the
    clock stands still or steps back. Safe to share between threads and to inherit by
    fork: 62 bits of every id are random, from a generator of its own that the operating
    system seeds in each process.
    (Asking the operating system each time costs more than the rest.)
    """

    def __init__(self, clock_ns: Callable[[], int] = time.time_ns) -> None:
        """Take a clock that returns nanoseconds since the epoch."""
        self._clock_ns = clock_ns
        self._lock = threading.Lock()
        self._last = 0
        self._random = random.Random()
        self._forks = 0
        os.register_at_fork(after_in_child=self._part_from_parent)

    def __call__(self) -> str:
        """Return the next id."""
        tick = (self._clock_ns() // 1_000_000) << _SEQUENCE_BITS
        with self._lock:
            if tick <= self._last:
                tick = self._last + 1
            self._last = tick
        return _written(tick, self._random.getrandbits(62))

    def many(self) -> Iterator[str]:
        """Yield ids for jobs that are made one after the other.

        They are made in blocks, which takes a third of the time. So they increase, and
        those that others ask for meanwhile may be higher than the next of these. A
        child that was forked in between gets others than its parent.
        """
        while True:
            forks = self._forks
            for job_id in self._block():
                if forks != self._forks:  # these are the parent's
                    break
                yield job_id

    def _block(self) -> list[str]:
        """Return ids of one millisecond, in order."""
        tick = (self._clock_ns() // 1_000_000) << _SEQUENCE_BITS
        with self._lock:
            first = max(tick, self._last + 1)
            if (first & _SEQUENCE_MASK) + _BLOCK > _SEQUENCE_MASK:  # it would not hold them all
                first = ((first >> _SEQUENCE_BITS) + 1) << _SEQUENCE_BITS
            self._last = first + _BLOCK - 1
        sequence = first & _SEQUENCE_MASK
        start = f"{first >> _SEQUENCE_BITS:012x}7"
        # One long number is written faster than many short ones.
        chances = f"{self._random.getrandbits(64 * _BLOCK) & _CHANCES | _VARIANTS:x}"
        return [
            f"{start}{sequence + number:03x}{chances[16 * number : 16 * number + 16]}"
            for number in range(_BLOCK)
        ]

    def _part_from_parent(self) -> None:
        """Make other ids than the parent.

        Its threads may have held the lock while it forked.
        """
        self._lock = threading.Lock()
        self._random.seed()
        self._forks += 1


new_job_id = JobIdGenerator()
