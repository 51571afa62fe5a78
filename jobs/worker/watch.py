"""Watches the leases of a queue, and tells which of their workers are dead.

No clock but the watcher's own counts. Every renewal changes the score of a lease. A worker is dead
when its score has stood still for as long as its own lease, summed over looks that were close
together. A watcher that was frozen, or cut off from Redis like everybody else, has not seen that
time pass, and begins again.

With a lease of 15 seconds and a look every 5: the looks at 0, 5, 10 and 15 seconds find the same
score. The last of them has seen it stand still for 15 seconds, so the worker is dead.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jobs.store import Lease

#: A look that took longer begins the sum again: others may have been unable to renew. Seconds.
SLOW_LOOK = 0.25
#: The score of a worker that was given up.
#: Whoever did so may have died before its jobs were taken back.
GIVEN_UP = "0"


@dataclass(slots=True)
class _Sighting:
    score: str
    silent_seconds: float = 0.0


class Watch:
    """What one supervisor has seen of the leases of one queue."""

    def __init__(self, heartbeat: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the seconds between two looks, and a clock."""
        self._heartbeat = heartbeat
        self._clock = clock
        self._looked_at: float | None = None
        self._sightings: dict[str, _Sighting] = {}

    def look(self, leases: Sequence[Lease], took: float = 0.0) -> list[Lease]:
        """Return those of the leases whose workers are dead.

        `took`: how long it took to ask for them, in seconds.
        """
        if took > SLOW_LOOK:
            self.lose_sight()
        passed = self._passed_since_last_look()
        self._sightings = {lease.worker: self._sighting(lease, passed) for lease in leases}
        return list(filter(self._is_dead, leases))

    def lose_sight(self) -> None:
        """Note that Redis could not be asked: what was seen before counts no more."""
        self._looked_at = None
        self._sightings = {}

    def _passed_since_last_look(self) -> float:
        """Return the seconds that count as passed.

        A heartbeat at most, however long we slept.
        """
        now, before = self._clock(), self._looked_at
        self._looked_at = now
        if before is None:
            return 0.0
        return min(now - before, self._heartbeat)

    def _sighting(self, lease: Lease, passed: float) -> _Sighting:
        before = self._sightings.get(lease.worker)
        if before is None or before.score != lease.score:
            return _Sighting(lease.score)
        # One gap must not be all of a short lease.
        # After a freeze of the whole machine we may be the first to wake.
        counts = min(passed, lease.terms.lease / 3)
        return _Sighting(lease.score, before.silent_seconds + counts)

    def _is_dead(self, lease: Lease) -> bool:
        if lease.score == GIVEN_UP:
            return True
        return self._sightings[lease.worker].silent_seconds >= lease.terms.lease
