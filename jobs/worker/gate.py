"""The gate between the threads of a process and its work.

It is open, quiet for now, or closed for good. It asks Redis nothing.
"""

import threading
from collections.abc import Callable


class Gate:
    """Says whether the threads of a process may take work."""

    def __init__(self, changed: threading.Condition, wake: Callable[[], None]) -> None:
        """Begin open.

        Quiet threads wait for `changed`. `wake` wakes the one that sleeps on the bell.
        """
        self._changed = changed
        self._wake = wake
        self._shut = threading.Event()  # so that pauses end when it turns quiet
        #: Whether no work is taken, for now or for good.
        self.is_quiet = False
        #: Whether no work is ever taken again, so that the threads end.
        self.is_closed = False

    def be_quiet(self) -> None:
        """Let threads take nothing until it opens again."""
        with self._changed:
            self._shut_out()
        self._wake()

    def open(self) -> None:
        """Let threads take work again, unless it is closed."""
        with self._changed:
            if self.is_closed:
                return
            self.is_quiet = False
            self._shut.clear()
            self._changed.notify_all()
        self._wake()

    def close(self) -> None:
        """Let threads take nothing any more, and end."""
        if not self.is_closed:
            self.close_if(lambda: True)

    def close_if(self, may_close: Callable[[], bool]) -> bool:
        """Close if that is allowed while nobody takes anything.

        Return whether it was.
        """
        with self._changed:
            if not may_close():
                return False
            self.is_closed = True
            self._shut_out()
        self._wake()
        return True

    # For the threads

    def lets_in(self) -> bool:
        """Wait while it is quiet, and return whether it is not closed.

        The caller holds the lock.
        """
        while self.is_quiet and not self.is_closed:
            self._changed.wait()
        return not self.is_closed

    def pause(self, seconds: float) -> None:
        """Wait for some seconds, but no longer than until it turns quiet."""
        self._shut.wait(seconds)

    def _shut_out(self) -> None:
        self.is_quiet = True
        self._shut.set()
        self._changed.notify_all()
