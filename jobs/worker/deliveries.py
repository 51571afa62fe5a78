"""Records how units end.

Used by the buffer. It sends deliveries to Redis, and keeps those that cannot be sent. Finished jobs
without a result travel with the next fetch and do not come here. Every delivery carries the token
of its taking. So one that is sent twice or late can do no harm.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from jobs.errors import StoreUnavailable
from jobs.events import EndingRefused, JobsLost, emit
from jobs.store import Store
from jobs.worker.custody import Custody, Delivery
from jobs.worker.unit import Unit, drained

#: Pause before a delivery is sent again, when Redis is away and when Redis refuses it. Seconds.
PAUSE_AWAY, PAUSE_REFUSED = 0.05, 1.0
#: How long deliveries are sent again in one go, as the chores have more to do. Seconds.
LONGEST_GO = 2.0


class Deliveries:
    """The deliveries that one process owes to Redis.

    Threads may share it.
    """

    def __init__(self, store: Store, custody: Custody, note_outage: Callable[[], None]) -> None:
        """Take the store, what this process holds, and whom to tell of outages."""
        self._store = store
        self._custody = custody
        self._note_outage = note_outage
        self._owed: deque[Delivery] = deque()
        self._unbegun: deque[Unit] = deque()
        self._tries_again_at = 0.0
        self._is_away = False

    def record(self, delivery: Delivery) -> None:
        """Send a delivery and let go of its units.

        If that fails, keep the delivery.
        """
        try:
            is_ours = delivery.send() if delivery.send else True
        except Exception as error:  # noqa: BLE001  # no answer may lose a delivery
            self._keep(delivery, error)
            return
        if not (is_ours or delivery.is_repeated):
            unit = delivery.units[0]
            ids = [unit.id for unit in delivery.units]
            emit(JobsLost(unit.worker, unit.queue, ids))
        self._custody.end(delivery)

    def owe(self, delivery: Delivery) -> None:
        """Keep a delivery that has to be sent again."""
        self._owed.append(delivery)

    def return_unbegun(self, unit: Unit) -> None:
        """Keep a unit that nobody has begun until `give_back`.

        Asks no Redis.
        """
        self._unbegun.append(unit)

    def send_again(self) -> None:
        """Send the deliveries that are owed, until Redis is away.

        What has not gone after a while is left for the next call. One that Redis refuses keeps no
        other waiting.
        """
        began_at = time.monotonic()
        if began_at < self._tries_again_at:
            return
        self._is_away = False
        for _ in range(len(self._owed)):
            self.record(self._owed.popleft().repeated())
            if self._is_away or time.monotonic() > began_at + LONGEST_GO:
                return

    def give_back(self, units: Sequence[Unit]) -> None:
        """Give back units that nobody has begun.

        Those of a queue travel in one round trip. Others may have them already.
        """
        by_queue: dict[str, list[Unit]] = {}
        for unit in (*units, *drained(self._unbegun)):
            by_queue.setdefault(unit.queue, []).append(unit)
        for queue, own in by_queue.items():
            jobs = [(unit.token, unit.id, b"") for unit in own]
            self.record(Delivery(own, partial(self._release, queue, jobs)))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is owed."""
        return not (self._owed or self._unbegun)

    def _release(self, queue: str, jobs: list[tuple[str, str, bytes]]) -> bool:
        self._store.running.release(queue, jobs)
        return True

    def _keep(self, delivery: Delivery, error: Exception) -> None:
        self._owed.append(delivery)
        self._is_away = is_away = isinstance(error, StoreUnavailable)
        if is_away:
            self._note_outage()
        if not (is_away or delivery.is_repeated):
            emit(EndingRefused([unit.id for unit in delivery.units], error, raised=error))
        self._tries_again_at = time.monotonic() + (PAUSE_AWAY if is_away else PAUSE_REFUSED)
