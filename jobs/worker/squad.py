"""A squad: how many workers of one plan there are and should be."""

import signal
import time
from collections.abc import Callable

from jobs.worker.child import Child, Death
from jobs.worker.pace import Pace
from jobs.worker.plan import Plan
from jobs.worker.rolling_restart import RollingRestart
from jobs.worker.strength import Strength


class Squad:
    """The workers of one capsule, as the supervisor sees them.

    One that dies too quickly slows its own squad down, and no other.
    """

    def __init__(self, plan: Plan, *, burst: bool) -> None:
        """Miss all of its workers."""
        self.plan = plan
        self._strength = Strength(plan.settings.processes, burst=burst)
        self._pace = Pace()
        self._rolling = RollingRestart()
        self._members: list[Child] = []

    def __contains__(self, child: object) -> bool:
        """Return whether a child that lives is one of this squad."""
        return child in self._members

    @property
    def starts_at(self) -> float:
        """When the next worker may be forked, by the monotonic clock."""
        return self._pace.starts_at

    @property
    def is_at_strength(self) -> bool:
        """Whether no worker is missing."""
        return not self._strength.missing

    @property
    def is_wanted(self) -> bool:
        """Whether there are to be any workers."""
        return self._strength.wanted > 0

    @property
    def has_ended(self) -> bool:
        """Whether no worker lives and none is missing, as after a burst."""
        return not self._members and self.is_at_strength

    def keep_up_strength(self, fork: Callable[[Plan], Child]) -> None:
        """Fork what is missing, and go on with a restart.

        Nothing is done while workers die too quickly. The successor is there before the old one is
        told. In a serial squad it comes when the old one has ended: until then that may have a job
        in hand.
        """
        if time.monotonic() < self._pace.starts_at:
            return
        while self._strength.missing:
            self._members.append(fork(self.plan))
            self._strength.missing -= 1
        if old := self._rolling.next(self._members, self._strength.wanted):
            if not self.plan.is_serial:
                self._members.append(fork(self.plan))
            old.tell(signal.SIGTERM)

    def begin_restart(self) -> None:
        """Replace every worker that lives."""
        self._rolling.begin(self._members)

    def call_up_again(self) -> None:
        """Miss all workers again: there is work that came after they had ended."""
        self._strength.missing = self._strength.wanted

    def note_death(self, child: Child, death: Death) -> None:
        """See to a successor, unless there is one already."""
        self._members.remove(child)
        has_successor = child.was_told_to_stop and not self.plan.is_serial
        self._strength.note_death(death, was_told_to_stop=has_successor)
        lived = time.monotonic() - child.started
        is_fault = death.is_fault and not child.was_told_to_stop
        self._pace.note_death(lived, is_fault=is_fault)
