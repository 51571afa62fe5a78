"""What a worker knows of where there may be work, and from when on."""

import time

from jobs.worker.catch import Catch


class Prospect:
    """Where to look next.

    The caller holds the lock of the buffer, except for `note_anywhere`.
    """

    def __init__(self, most: float) -> None:
        """Start by looking everywhere.

        `most` is the longest sleep, in seconds.
        """
        self._most = most
        self.may_find = True
        #: Look into these queues only; None for all.
        self.only: frozenset[str] | None = None
        #: Queues whose bell was heard and that nobody has served since. Others are to hear it.
        self.heard: set[str] = set()
        self._due_at: float | None = None

    def note_anywhere(self) -> None:
        """Note that there may be work in any queue.

        For any thread.
        """
        self.only = None
        self.may_find = True

    def take_heard(self) -> set[str]:
        """Return the queues that were heard.

        What is heard from now on is kept for the next call.
        """
        heard, self.heard = self.heard, set()
        return heard

    def note_fetch(self, catch: Catch, only: frozenset[str] | None) -> None:
        """Note what a fetch has left, from some queues only or from all.

        What others noted while it was under way is newer and stays. While nobody sleeps nobody
        hears a bell either, so the next fetch looks everywhere.
        """
        if catch.may_find_more:
            self.note_anywhere()
        if only is None:
            self._due_at = None
        self._note_due(catch)

    def note_sleep(self, catch: Catch) -> None:
        """Note what a sleep brought.

        Where only some queues may have work, only they are asked.
        """
        self.heard |= catch.heard
        self._note_due(catch)
        if catch.is_unsure or self._is_due():
            self.note_anywhere()
        elif catch.more and not self.may_find:
            self.only = frozenset(catch.more)
            self.may_find = True

    def seconds(self) -> float:
        """Return how long to sleep until something is due, in seconds."""
        if self._due_at is None:
            return self._most
        return min(self._most, self._due_at - time.monotonic())

    def _note_due(self, catch: Catch) -> None:
        if catch.next_due is None:
            return
        due_at = time.monotonic() + catch.next_due
        if self._due_at is None or due_at < self._due_at:
            self._due_at = due_at

    def _is_due(self) -> bool:
        return self._due_at is not None and self._due_at <= time.monotonic()
