"""Why a job ran again: the cause of each, or a fault of ours."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.chaos.processes import Freeze, Life
from benchmarks.chaos.runs import Run
from benchmarks.chaos.server import Outage

#: A finish is sent within so many seconds of the end of its job, if Redis answers and the machine
#: is not too busy.
SENT_WITHIN = 0.5
#: After an outage a worker tries again within so many seconds.
PAUSE_AFTER_OUTAGE = 1.0
#: How far the note of a fault may lie behind the fault, in seconds.
BLUR = 0.05


@dataclass(frozen=True, slots=True)
class Again:
    """A job that ran once more than it had to.

    `cause` is empty if nobody knows why.
    """

    first: Run
    second: Run
    cause: str
    is_at_once: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about processes and the server."""

    lives: dict[int, Life]
    outages: Sequence[Outage]
    lease: float
    heartbeat: float

    def explain(self, first: Run, second: Run) -> str:
        """Return why the second run came after the first, or an empty text."""
        life = self.lives.get(first.pid)
        if life is None:
            return ""
        is_over = not self.is_at_once(first, second)
        causes = (
            ("frozen for longer than its lease", self._was_frozen(life, first, second)),
            (
                "Redis was killed and forgot its last second",
                self._is_forgotten(life, first, second),
            ),
            ("interrupted by a stop", is_over and self._was_interrupted(life, first)),
            ("was running in a killed process", is_over and self._was_killed(life, first)),
            ("ended just before its process was killed", is_over and self._was_unsent(life, first)),
            ("had not ended when its process had to", is_over and self._was_cut_short(life, first)),
        )
        return next((name for name, is_true in causes if is_true), "")

    def is_at_once(self, first: Run, second: Run) -> bool:
        """Whether the second run began while the first was still on."""
        if first.ended is not None:
            return second.began < first.ended
        life = self.lives.get(first.pid)
        end = (life.killed_at or life.gone_at) if life else None
        return end is not None and second.began < end - BLUR

    def _was_frozen(self, life: Life, first: Run, second: Run) -> bool:
        """Whether nobody renewed the lease.

        The worker was frozen, or its supervisor was, which renews for it.
        """
        supervisor = self.lives.get(life.supervisor)
        freezes = [*life.freezes, *(supervisor.freezes if supervisor else ())]
        return any(self._covers(life, freeze, first, second) for freeze in freezes)

    def _covers(self, life: Life, freeze: Freeze, first: Run, second: Run) -> bool:
        is_unsent = first.ended is None or self._is_unsent(life, first.ended, freeze.began)
        is_during = is_unsent and first.began <= freeze.began + freeze.seconds
        lapsed_at = self._last_renewal(freeze.began) + self.lease - self.heartbeat - BLUR
        return freeze.seconds >= self.lease and is_during and second.began >= lapsed_at

    def _last_renewal(self, frozen_at: float) -> float:
        """Return until when a lease could be renewed.

        That is until the freeze, or until the outage that it fell into.
        """
        outages = [outage.began for outage in self.outages if self._is_away(outage, frozen_at)]
        return min([frozen_at, *outages])

    def _is_away(self, outage: Outage, moment: float) -> bool:
        """Whether nobody talks to Redis at this moment, or nobody does again yet."""
        ended = outage.ended if outage.ended is not None else float("inf")
        return outage.began <= moment <= ended + PAUSE_AFTER_OUTAGE

    def _is_forgotten(self, life: Life, first: Run, second: Run) -> bool:
        """Whether Redis forgot the taking, or the end, which may have come late."""
        if self.has_forgotten(first.began, second.began):
            return True
        ended = first.ended
        return ended is not None and any(
            outage.forgot_since is not None
            and self._is_unsent(life, ended, outage.forgot_since - BLUR)
            and ended <= outage.began <= second.began
            for outage in self.outages
        )

    def has_forgotten(self, moment: float, later: float = float("inf")) -> bool:
        """Whether Redis has forgotten at the later moment what it did at the earlier."""
        return any(
            outage.forgot_since - BLUR <= moment <= outage.began <= later
            for outage in self.outages
            if outage.forgot_since is not None
        )

    def _was_interrupted(self, life: Life, first: Run) -> bool:
        told = life.told_to_stop_at
        is_interruption = first.how in {"JobInterrupted", "CancelledError"}
        if not is_interruption or told is None or first.ended is None:
            return False
        return told <= first.ended

    def _was_killed(self, life: Life, first: Run) -> bool:
        return first.ended is None and life.killed_at is not None and first.began <= life.killed_at

    def _was_unsent(self, life: Life, first: Run) -> bool:
        """Whether the process was killed before it could tell Redis of the end."""
        if life.killed_at is None or first.ended is None or first.ended > life.killed_at + BLUR:
            return False
        return self._is_unsent(life, first.ended, life.killed_at)

    def _was_cut_short(self, life: Life, first: Run) -> bool:
        """Whether a process that was told to stop had to go too early.

        Its job had not ended then, or the end was not sent.
        """
        if life.told_to_stop_at is None or life.gone_at is None:
            return False
        if first.ended is None:
            return True
        was_away = any(outage.overlaps(first.ended, life.gone_at) for outage in self.outages)
        return was_away and self._is_unsent(life, first.ended, life.gone_at)

    def _is_unsent(self, life: Life, ended: float, later: float) -> bool:
        """Whether a process had no time to tell Redis.

        The time does not count in which it was frozen, or Redis was away, or the process had not
        tried again since.
        """
        hindrances = [
            *((freeze.began, freeze.began + freeze.seconds) for freeze in life.freezes),
            *(
                (outage.began, outage.until(later) + PAUSE_AFTER_OUTAGE)
                for outage in self.outages
                if outage.overlaps(ended, later)
            ),
        ]
        return later - ended - covered(hindrances, ended, later) <= SENT_WITHIN


def covered(spans: Iterable[tuple[float, float]], start: float, end: float) -> float:
    """Return how many seconds between two moments lie in some spans."""
    seconds, reached = 0.0, start
    for first, last in sorted(spans):
        seconds += max(0.0, min(last, end) - max(first, reached))
        reached = max(reached, last)
    return seconds


def runs_again(runs: Sequence[Run], facts: Facts) -> Iterator[Again]:
    """Yield every run of a job that it did not need, with its cause."""
    for first, second in pairwise(runs):
        is_retry = first.how == "OnPurpose" and second.attempt == first.attempt + 1
        is_at_once = facts.is_at_once(first, second)
        if not is_retry or is_at_once:
            yield Again(first, second, facts.explain(first, second), is_at_once)
