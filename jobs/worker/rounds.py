"""The rounds of a supervisor: first the leases, and then the chores.

Whatever hangs, a round ends soon, since signals and deadlines must not wait. A chore that fails is
logged once and done again. One that is patient, as those of features are, is left out while the
renewal is late or fails.
"""

import time
from collections.abc import Callable, Sequence

from jobs.chore import Chore
from jobs.worker.chores import do_within
from jobs.worker.guard import Guard

#: How long one round may wait for Redis, in a supervisor that does not stop. Seconds.
LONGEST_ROUND = 2.0
#: When a renewal that failed is tried again. Seconds.
#: Once Redis is back, it must come before others recover.
RENEW_AGAIN_AFTER = 0.25


class Rounds:
    """The renewal of leases, and a list of chores that come after it."""

    def __init__(
        self, renew: Callable[[], bool], heartbeat: float, chores: Sequence[Chore]
    ) -> None:
        """Take the chores in order, and what renews all leases.

        `renew` returns whether that went well.
        """
        self._renew = renew
        self._heartbeat = heartbeat
        self._renewal = Chore("renew", heartbeat, self._renew_all)
        self._chores = chores
        self._guard = Guard()
        self._is_well = True
        self._is_late = False

    @property
    def next_at(self) -> float:
        """When there is something to do again, by the monotonic clock."""
        periodic = [chore for chore in self._chores if chore.every]
        return min(chore.next_at for chore in (self._renewal, *periodic))

    def go(self, until: float, is_called: Callable[[], bool], *, is_stopping: bool) -> None:
        """Do what is due, until somebody calls.

        No call to Redis lasts beyond `until`.
        """
        if not is_called():
            self._see_to_leases(until)
        for chore in self._chores:
            if is_called():
                return
            must_wait = self._is_late or is_stopping
            if chore.is_patient and must_wait:
                soon = time.monotonic() + RENEW_AGAIN_AFTER
                chore.next_at = max(chore.next_at, soon)
            else:
                self._do_if_due(chore, until)

    def _do_if_due(self, chore: Chore, until: float) -> None:
        now = time.monotonic()
        if chore.is_due(now):
            chore.put_off(now)
            do_within(self._guard, chore, until)

    def _see_to_leases(self, until: float) -> None:
        """Renew if it is time to, and note whether that came late or failed."""
        began_at = time.monotonic()
        due_at = self._renewal.next_at
        if began_at < due_at:
            return
        was_kept_waiting = 0 < due_at < began_at - self._heartbeat / 2
        self._is_well = False
        do_within(self._guard, self._renewal, until)
        self._is_late = was_kept_waiting or not self._is_well
        pause = self._heartbeat if self._is_well else RENEW_AGAIN_AFTER
        self._renewal.next_at = began_at + pause

    def _renew_all(self) -> None:
        self._is_well = self._renew()
