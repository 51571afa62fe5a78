"""A proxy that loses the answer to one request, on demand."""

import threading

from tests.faults.link import Struck
from tests.faults.proxy import Proxy
from tests.faults.rules import Command, Fault, Kind


class LossyProxy(Proxy):
    """Forwards every connection, and loses the answer to one request when told to.

    While `is_down` it refuses all connections.
    """

    def __init__(self, redis_url: str) -> None:
        """Begin to listen before the Redis at this URL."""
        self._mark: bytes | str | None = None
        self.lost = threading.Event()
        super().__init__(redis_url, self._choose)

    def lose(self, mark: bytes | str) -> None:
        """Lose the answer to the next request that this marks.

        Bytes mark a request that contains them, a text one that calls the script of this name.
        """
        self.lost.clear()
        self._mark = mark

    def _choose(self, command: Command) -> Fault | None:
        mark = self._mark
        if mark is None:
            return None
        is_marked = command.name == mark if isinstance(mark, str) else mark in command.raw
        if not is_marked:
            return None
        self._mark = None
        return Fault(Kind.AFTER)

    def _report(self, struck: Struck) -> None:
        super()._report(struck)
        self.lost.set()
