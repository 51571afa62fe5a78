"""Under which name this process takes part in each queue.

It also knows the clock of Redis there. A worker that was given up in one queue goes on under a new
name there, and keeps its name in all others.
"""

from collections.abc import Sequence

from jobs.uptime import uptime
from jobs.worker.board import Board
from jobs.worker.names import worker_name


class Membership:
    """The names of one process."""

    def __init__(self, queues: Sequence[str], base_name: str, board: Board) -> None:
        """Start in every queue under the name that the supervisor gave."""
        self._base_name = base_name
        self._board = board
        self._names = dict.fromkeys(queues, base_name)
        self._lapsed: dict[str, list[str]] = {}
        self._clocks: dict[str, float] = {}

    def name_in(self, queue: str) -> str:
        """Return the name under which jobs of a queue are taken now."""
        return self._names[queue]

    def lapsed_in(self, queue: str) -> Sequence[str]:
        """Return the names under which this process was given up in a queue."""
        return self._lapsed.get(queue, ())

    def take_new_name(self, queue: str) -> str:
        """Go on under a new name, and return the one that has lapsed."""
        lapsed = self._names[queue]
        self._lapsed.setdefault(queue, []).append(lapsed)
        self._board.generation += 1
        self._names[queue] = worker_name(self._base_name, self._board.generation)
        self._clocks.pop(queue, None)
        return lapsed

    def join(self, queue: str, clock: int) -> None:
        """Note that Redis knows us in a queue, and its time.

        `clock` is in ms since the epoch.
        """
        self._clocks[queue] = clock - uptime() * 1000

    def has_joined(self, queue: str) -> bool:
        """Whether Redis has known us in a queue under our present name."""
        return queue in self._clocks

    def clock_in(self, queue: str, seconds: float) -> int:
        """Return what time it will be in Redis in so many seconds.

        In ms since the epoch. We must have joined.
        """
        return round(self._clocks[queue] + (uptime() + seconds) * 1000)
