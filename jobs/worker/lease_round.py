"""One round over the leases: ours are renewed, those of others watched.

Every queue is looked after by itself: one that is broken, or a shard that is away, costs the
others nothing.
"""

import time
from collections import deque
from collections.abc import Mapping, Sequence

from jobs.errors import StoreUnavailable
from jobs.store import Lease
from jobs.worker.guard import Guard
from jobs.worker.link import Link
from jobs.worker.recovery import WorkerEnd
from jobs.worker.watch import Watch


class LeaseRound:
    """Renews and watches leases for one supervisor."""

    def __init__(self, link: Link, queues: Sequence[str], heartbeat: float, guard: Guard) -> None:
        """Take the queues that the workers serve."""
        self._link = link
        self._queues = deque(queues)
        self._watches = {queue: Watch(heartbeat) for queue in queues}
        self._guard = guard

    def go(self, names: Mapping[str, Sequence[str]]) -> bool:
        """Renew the leases of these workers, and recover whoever fell silent.

        `names` holds those of each queue that has any. Return False when Redis is away, in whole or
        in part.
        """
        self._queues.rotate(-1)  # none is always the last when time is short
        away: set[str] = set()
        for queue in self._queues:
            if queue not in away:
                away.update(self._see_to(queue, names.get(queue, ())))
        return not away

    def _see_to(self, queue: str, names: Sequence[str]) -> Sequence[str]:
        """Look after one queue.

        Return the queues that turned out to be away.
        """
        dead: list[Lease] = []
        verdict = self._guard(f"renew {queue}", self._look_at, queue, names, dead)
        for lease in dead:
            self._guard(f"recover {queue}", self._recover, queue, lease)
        return self._beside(queue) if verdict == "away" else ()

    def _look_at(self, queue: str, names: Sequence[str], dead: list[Lease]) -> None:
        asked_at = time.monotonic()
        try:
            leases = self._link.leases.renew(queue, names)
        except StoreUnavailable:
            for beside in self._beside(queue):
                self._watches[beside].lose_sight()
            raise
        took = time.monotonic() - asked_at
        dead += self._watches[queue].look(leases, took)

    def _recover(self, queue: str, lease: Lease) -> None:
        end = WorkerEnd("its lease ran out", is_crash=True, terms=lease.terms)
        self._link.recovery.recover(queue, lease.worker, end, lease.score)

    def _beside(self, queue: str) -> list[str]:
        return self._link.beside(queue, self._queues)
