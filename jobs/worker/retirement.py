"""Which worker processes are replaced before their time, and why.

The successor comes first, as in a rolling restart. One in which a job does not end has so many
seconds as a stop has. One that is worn takes no more and ends when nothing runs in it.
"""

import signal
import time
from collections.abc import Collection, Iterable
from enum import IntEnum

from jobs.events import WorkerReplaced, emit
from jobs.worker.child import Child


class Reason(IntEnum):
    """Why a process is replaced. A worker writes the number on its board."""

    MEMORY = 1
    JOBS = 2
    OVERDUE = 3


class Retirement:
    """Looks at the children of one squad, and says which to replace next."""

    def __init__(self, timeout: float) -> None:
        """Take how long a process may take to end whose job does not. Seconds."""
        self._timeout = timeout
        self._reasons: dict[Child, Reason] = {}
        self._last_worn_at = float("-inf")

    def look(self, children: Iterable[Child]) -> None:
        """Note who is to be replaced, and kill those who have had their time.

        Every supervisor does it twice a second.
        """
        now = time.monotonic()
        self._reasons = {}
        for child in children:
            child.note_overdue()
            if child.has_stacks_to_tell():
                child.stacks.ask(child.pid)
            if child.kills_at is not None:
                if now >= child.kills_at:
                    child.tell(signal.SIGKILL)
            elif child.overdue:
                self._reasons[child] = Reason.OVERDUE
            elif child.board.wished and not child.is_leaving:
                self._reasons[child] = Reason(child.board.wished)

    def next(self, living: Collection[Child], wanted: int) -> Child | None:
        """Return a child that may leave now.

        There are never more than twice as many as wanted. Of the worn one leaves after the
        other, but a long job in the last one holds back the next for the time of a stop at most.
        """
        is_calm = self._is_calm(living)
        for child, reason in self._reasons.items():
            has_room = child.is_leaving or len(living) < 2 * wanted
            may_leave = has_room and (is_calm or reason is Reason.OVERDUE)
            if may_leave and child in living:
                return child
        return None

    def _is_calm(self, living: Collection[Child]) -> bool:
        """Whether no child is leaving, or the last has had its time."""
        is_over = time.monotonic() - self._last_worn_at >= self._timeout
        return is_over or not any(child.is_leaving for child in living)

    def dismiss(self, child: Child) -> None:
        """Let a child leave that has a successor."""
        reason = self._reasons.pop(child)
        emit(WorkerReplaced(child.name, reason.name.lower()))
        if reason is Reason.OVERDUE:
            child.kills_at = time.monotonic() + self._timeout
            child.tell(signal.SIGTERM)
        else:
            self._last_worn_at = time.monotonic()
        child.board.retire(reason)
        child.has_successor = True
