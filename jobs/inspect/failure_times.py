"""The times of a group of failures: when they came, and after which deploy."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.inspect.metrics import Deploy
from jobs.moment import moment

#: How far back the times of a group are counted: as far as it goes, in seconds.
SPANS = (3_600, 8 * 3_600, 86_400, 3 * 86_400, 8 * 86_400, 30 * 86_400, 180 * 86_400)
#: In so many slots.
SLOTS = 30
#: What begins within so many seconds of a deploy may be its doing.
SOON = 3_600


@dataclass(frozen=True, slots=True)
class FailureTimes:
    """How many failures there were in each slot of a span that ends now.

    `deploys` are those of the span. `suspect` is the deploy soon after which the first of the
    failures came.
    """

    span_seconds: int
    counts: tuple[int, ...]
    started_at: datetime
    deploys: tuple[Deploy, ...] = ()
    suspect: Deploy | None = None

    def slot_of(self, at: datetime) -> int:
        """Return the slot of a moment within the span."""
        return _slot((at - self.started_at).total_seconds(), self.span_seconds)


def failure_times(times: Sequence[float], deploys: Sequence[Deploy], now: float) -> FailureTimes:
    """Count failures by their times, in epoch seconds.

    The span begins early enough to show what was before the first of them. A time that lies before
    the longest span, or in the future, is not counted.
    """
    age = now - min(times, default=now)
    span = next((each for each in SPANS if age <= 0.9 * each), SPANS[-1])
    start = now - span
    counts = [0] * SLOTS
    for at in times:
        if start <= at <= now:
            counts[_slot(at - start, span)] += 1
    begun = moment(start)
    return FailureTimes(
        span_seconds=span,
        counts=tuple(counts),
        started_at=begun,
        deploys=tuple(deploy for deploy in deploys if begun <= deploy.at <= moment(now)),
        suspect=_suspect(moment(min(times, default=now)), deploys),
    )


def _slot(seconds: float, span: int) -> int:
    return min(int(seconds * SLOTS / span), SLOTS - 1)


def _suspect(first_at: datetime, deploys: Sequence[Deploy]) -> Deploy | None:
    soon = timedelta(seconds=SOON)
    before = [deploy for deploy in deploys if deploy.at <= first_at <= deploy.at + soon]
    return max(before, key=lambda deploy: deploy.at, default=None)
