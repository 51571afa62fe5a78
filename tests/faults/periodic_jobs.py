"""The periodic jobs of the drill that kills their supervisors.

The environment says which version of the code this is. The second version has another period,
other arguments and another queue.
"""

import os
import time
from datetime import timedelta

from benchmarks.chaos.runs import noted
from jobs import Cron, Every, Job
from jobs.occasion import occasion_of
from tests.faults.periodic_plan import STEADY, VERSION_VARIABLE

_VERSION = int(os.environ[VERSION_VARIABLE])
_SECOND = timedelta(seconds=1)


class TickJob(Job):
    """Notes for which moment of which schedule it runs, and what it was given."""

    def perform(self, version: int = 0, seconds: float = 0.0) -> None:
        occasion = occasion_of(self.context)
        key = f"{occasion.schedule}@{occasion.at:.0f}@{self.missed}@{version}"
        with noted(key, self.attempt):
            time.sleep(seconds)


class SteadyJob(TickJob):
    """Is the same in both versions."""

    schedule = [Every(_SECOND, name=f"every-{number}", overlap="allow") for number in range(STEADY)]


class JitterJob(TickJob):
    """Each run is due up to half a second late."""

    schedule = Every(_SECOND, overlap="allow", jitter=timedelta(seconds=0.5))


class MinuteJob(TickJob):
    """Ticks with each minute."""

    schedule = Cron("* * * * *", timezone="Europe/Berlin", overlap="allow")


class PeriodJob(TickJob):
    """The second version ticks half as often."""

    schedule = Every(_SECOND * _VERSION, overlap="allow")


class ArgumentsJob(TickJob):
    """Each version has arguments of its own."""

    schedule = Every(_SECOND, overlap="allow", args=[_VERSION])


class MovingJob(TickJob):
    """Each version has a queue of its own."""

    queue = {1: "default", 2: "high"}[_VERSION]
    schedule = Every(_SECOND, overlap="allow")


class LongJob(TickJob):
    """Takes longer than its period, so that ticks are skipped."""

    schedule = [
        Every(_SECOND, name="skip", kwargs={"seconds": 1.4}),
        Every(_SECOND, name="one", kwargs={"seconds": 1.4}, overlap="one_waiting"),
    ]
