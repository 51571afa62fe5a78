"""The deaths of children whose jobs are not all taken back yet.

Used by the keeper.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from jobs.worker.child import Death
from jobs.worker.guard import Guard, Verdict
from jobs.worker.link import Link


class _Case(NamedTuple):
    """A death, and the queues whose jobs are still to be taken back."""

    death: Death
    queues: Sequence[str]


class Deaths:
    """Takes back the jobs of children that died, until none is left."""

    def __init__(self, link: Link, guard: Guard) -> None:
        """Start with none."""
        self._link = link
        self._guard = guard
        self._open: deque[_Case] = deque()
        #: Cases that Redis refused. They keep nobody waiting.
        self._refused: list[_Case] = []

    def __len__(self) -> int:
        """Return how many are to be looked after at once."""
        return len(self._open)

    def add(self, death: Death) -> None:
        """Note that a child is dead."""
        self._open.append(_Case(death, death.queues))

    def try_refused_again(self) -> None:
        """Let what Redis refused be tried once more.

        Each renewal calls it.
        """
        self._open.extend(self._refused)
        self._refused = []

    def recover(self) -> None:
        """Take back what can be taken back now.

        The rest is tried again at the next call.
        """
        cases, self._open = self._open, deque()
        while cases:
            is_away = self._recover_from(cases.popleft())
            if is_away and not self._link.store.is_spread:
                self._open.extend(cases)  # the one server that all need
                return

    def _recover_from(self, case: _Case) -> bool:
        """Take back the jobs of one child.

        Return whether Redis was away, in whole or in part.
        """
        verdicts = self._ask_each(case)
        away = [queue for queue in case.queues if verdicts[queue] == "away"]
        refused = [queue for queue in case.queues if verdicts[queue] == "failed"]
        if away:
            self._open.append(_Case(case.death, away))
        if refused:
            self._refused.append(_Case(case.death, refused))
        if not away and not refused:
            self._guard("forget", self._link.heartbeats.forget, case.death.names[0])
        return bool(away)

    def _ask_each(self, case: _Case) -> dict[str, Verdict]:
        """Return for each queue what came of it.

        Queues beside one that is away are not asked.
        """
        verdicts: dict[str, Verdict] = {}
        for queue in case.queues:
            if queue in verdicts:
                continue
            verdicts[queue] = self._guard(f"recover {queue}", self._take_back, queue, case.death)
            if verdicts[queue] == "away":
                beside = self._link.beside(queue, case.queues)
                verdicts.update(dict.fromkeys(beside, verdicts[queue]))
        return verdicts

    def _take_back(self, queue: str, death: Death) -> None:
        for name in death.names:
            self._link.recovery.recover(queue, name, death.end)
