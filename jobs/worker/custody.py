"""What this process has in its hands: every job taken and not ended.

A job stands here by the number of its taking. One counter numbers all takings of a
process, and never starts again. So an answer that comes late or twice can only ever
concern its own taking, even when the same job came back meanwhile. A unit leaves only
by the answer to a delivery of its very number. Endings are remembered for a while,
since Redis may forget the last second before a crash.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from jobs.worker.unit import Unit

#: How long endings are remembered: twice what `appendfsync everysec` may lose. Seconds.
REMEMBERED = 2.0
#: Most units whose end is remembered, and most bytes of their payloads.
MOST_REMEMBERED = 20_000
MOST_REMEMBERED_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """The end of some units on its way to Redis.

    Finished ones travel with a fetch. For others `send` records the end, and returns
    whether the units were still ours. `is_repeated`: the answer to an earlier attempt
    was lost, so an answer of no may mean that we ended them then.
    """

    units: Sequence[Unit]
    send: Callable[[], bool] | None = None
    is_repeated: bool = False
    at: float = field(default_factory=time.monotonic)
    #: Bytes of the payloads of all units.
    size: int = field(init=False)

    def __post_init__(self) -> None:
        """Add up the payloads once."""
        object.__setattr__(self, "size", sum([len(unit.raw) for unit in self.units]))

    def repeated(self) -> "Delivery":
        """Return it as it is sent again."""
        return replace(self, is_repeated=True)


class Custody:
    """The jobs in the hands of one worker process, shared by its threads."""

    def __init__(self) -> None:
        """Start with empty hands."""
        self._lock = threading.Lock()
        self._next = 1
        self._held: dict[int, Unit] = {}
        #: How many units we have ever had.
        self.takings = 0
        self._recent: deque[Delivery] = deque()
        self._remembered = self._remembered_bytes = 0
        #: How often doubts came up; one that comes while we look must outlive that look.
        self.doubts = 0
        #: Queues in which Redis may hold what we do not know of. An answer was lost, or
        #: Redis came back.
        self.doubtful: set[str] = set()

    def reserve(self, count: int) -> int:
        """Return the first of `count` numbers that nobody else will get."""
        with self._lock:
            first = self._next
            self._next += max(count, 1)
        return first

    def hold(self, units: Collection[Unit]) -> None:
        """Take units into our hands."""
        self.takings += len(units)
        self._held.update({unit.number: unit for unit in units})

    def drop(self, units: Iterable[Unit]) -> None:
        """Let go of units that are not ours any more."""
        let_go = self._held.pop
        for unit in units:
            let_go(unit.number, None)

    def end(self, delivery: Delivery) -> None:
        """Let go of units whose end Redis has confirmed, and remember the delivery first."""
        with self._lock:
            self._recent.append(delivery)
            self._remembered += len(delivery.units)
            self._remembered_bytes += delivery.size
            while self._recent and self._is_to_be_forgotten(self._recent[0]):
                forgotten = self._recent.popleft()
                self._remembered -= len(forgotten.units)
                self._remembered_bytes -= forgotten.size
        self.drop(delivery.units)

    def _is_to_be_forgotten(self, delivery: Delivery) -> bool:
        """Whether a delivery is too old, or too many are remembered.

        None is too old while we doubt whether Redis remembers it.
        """
        if self._remembered > MOST_REMEMBERED or self._remembered_bytes > MOST_REMEMBERED_BYTES:
            return True
        return not self.doubtful and time.monotonic() - delivery.at > REMEMBERED

    def deliveries_of(self, numbers: AbstractSet[int]) -> dict[int, Delivery]:
        """Return the deliveries of units that left our hands lately, by their numbers.

        Finished ones are returned one by one, since Redis may remember others that
        travelled with them.
        """
        with self._lock:
            deliveries = list(self._recent)
        return {
            unit.number: delivery if delivery.send else replace(delivery, units=(unit,))
            for delivery in (deliveries if numbers else ())
            for unit in delivery.units
            if unit.number in numbers
        }

    def doubt(self, queues: Iterable[str]) -> None:
        """Note that Redis may differ from what we know of these queues.

        Any thread may call this.
        """
        self.doubts += 1
        self.doubtful.update(queues)

    def numbers(self) -> set[int]:
        """Return the numbers of all units in our hands."""
        return set(self._held)

    def numbers_of(self, queue: str, worker: str) -> set[int]:
        """Return the numbers of the units taken from this queue under this name.

        Only of those that are still in our hands.
        """
        held = list(self._held.values())
        return {unit.number for unit in held if unit.queue == queue and unit.worker == worker}

    def __contains__(self, number: int) -> bool:
        """Whether a unit is in our hands."""
        return number in self._held

    def number_of(self, job_id: str) -> int | None:
        """Return the number of the last taking of a job.

        Return None if it is not in our hands.
        """
        held = list(self._held.values())
        return max((unit.number for unit in held if unit.id == job_id), default=None)

    def is_empty(self) -> bool:
        """Whether nothing is in our hands."""
        return not self._held
