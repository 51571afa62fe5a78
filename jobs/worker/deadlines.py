"""The deadlines of a stop: who does what when.

A worker interrupts its jobs and exits before its supervisor kills it. The supervisor kills, gives
the jobs back and ends before whoever told it loses patience. All of it fits into JOBS["TIMEOUT"].

With a timeout of 25 seconds, counted from the signal: a worker interrupts at 23.0 and exits at
24.0; the supervisor kills at 24.5 and ends at 24.9.
"""

import time
from dataclasses import dataclass
from typing import Self

#: How long before its deadline a worker interrupts its jobs: so many seconds, or this part of the
#: timeout if that is less.
INTERRUPT_BEFORE = (2.0, 0.25)
#: How long before the deadline the children are killed, in the same way.
KILL_BEFORE = (0.5, 0.1)
#: The part of the time between kill and deadline that is left when the supervisor ends.
END_BEFORE = 0.2
#: How long one round of a stopping supervisor may wait for Redis. Seconds.
LONGEST_ROUND_STOPPING = 0.4
#: And how long when its time is up. Seconds.
LAST_ROUND = 0.1


@dataclass(frozen=True, slots=True)
class WorkerDeadlines:
    """When a stopping worker does what, by the monotonic clock."""

    interrupts_at: float
    exits_at: float
    ends_at: float

    @classmethod
    def after(cls, timeout: float) -> Self:
        """Return the deadlines of a stop that begins now.

        It may take so many seconds.
        """
        ends_at = time.monotonic() + timeout
        before = _at_most(timeout, INTERRUPT_BEFORE)
        return cls(ends_at - before, ends_at - before / 2, ends_at)


@dataclass(frozen=True, slots=True)
class SupervisorDeadlines:
    """When a stopping supervisor does what, by the monotonic clock."""

    kills_at: float
    ends_at: float

    @classmethod
    def after(cls, timeout: float, told_at: float) -> Self:
        """Return the deadlines of a stop that was asked for at `told_at`."""
        margin = _at_most(timeout, KILL_BEFORE)
        kills_at = told_at + timeout - margin
        return cls(kills_at, kills_at + margin * (1 - END_BEFORE))

    def round_ends_at(self, now: float) -> float:
        """Return until when a round that begins now may wait for Redis."""
        return max(min(now + LONGEST_ROUND_STOPPING, self.ends_at), now + LAST_ROUND)


def _at_most(timeout: float, limits: tuple[float, float]) -> float:
    """Return the shorter of both: so many seconds, or a part of the timeout."""
    seconds, part = limits
    return min(seconds, part * timeout)
