"""Decides how many threads are awake while jobs wait.

One thread runs at a time in Python. Jobs that end in no time wait for nothing outside, so where one
thread runs such jobs a second one only takes turns with it. The others sleep, and one of them looks
every few milliseconds whether the jobs still move: the next may take longer than those before it.
"""

import threading

from jobs.worker.duties import Duties
from jobs.worker.stock import Stock

#: Jobs that end sooner than this have asked no other machine anything. Seconds.
QUICK = 50e-6
#: For how long a job may wait beside idle threads until one of them takes it. Seconds.
PATIENCE = 0.002


class Lookout:
    """Where idle threads wait.

    The caller holds the lock of the buffer.
    """

    def __init__(
        self, changed: threading.Condition, stock: Stock, duties: Duties, threads: int
    ) -> None:
        """Take what threads wait for, and what tells whether there is enough to do."""
        self._changed = changed
        self._stock = stock
        self._duties = duties
        self._threads = threads
        self._is_manned = False

    def wake_another(self) -> None:
        """Wake an idle thread, unless one is on the lookout and that is enough."""
        if not (self._is_manned and self._is_in_hand()):
            self._changed.notify()

    def wait(self) -> None:
        """Wait until there is something to do."""
        self._changed.wait()
        while not self._is_manned and self._is_in_hand():
            first = self._stock.first()
            self._is_manned = True
            try:
                is_called = self._changed.wait(PATIENCE)
            finally:
                self._is_manned = False
            if is_called or first is None:
                return
            if self._stock.first() is first:
                self._stock.mean_seconds = PATIENCE  # at least: the jobs before it end no more
                return

    def _is_in_hand(self) -> bool:
        """Whether threads at work will soon have run all that waits."""
        stock = self._stock
        is_worked_on = self._duties.idle < self._threads
        return is_worked_on and bool(stock.units) and stock.mean_seconds < QUICK
