"""What one run of a job has asked of databases.

The middleware that counts fills it. The event of the end carries it to log and metrics.
"""

from threading import get_ident


class Queries:
    """How many queries there were, and how long they took.

    Several threads may add at the same moment, those of a coroutine for example.
    """

    __slots__ = ("_by_thread",)

    def __init__(self) -> None:
        """Begin with none."""
        # Each thread adds to numbers of its own. There is no lock: a stop that strikes a job would
        # leave it locked.
        self._by_thread: dict[int, list[float]] = {}

    def add(self, seconds: float) -> None:
        """Count one query."""
        mine = self._by_thread.setdefault(get_ident(), [0.0, 0.0])
        mine[0] += 1
        mine[1] += seconds

    @property
    def count(self) -> int:
        """How many there were."""
        return int(sum(each[0] for each in list(self._by_thread.values())))

    @property
    def seconds(self) -> float:
        """How long all of them took together."""
        return sum(each[1] for each in list(self._by_thread.values()))
