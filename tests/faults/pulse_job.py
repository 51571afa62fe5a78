"""A periodic job for the drill that kills who sends a command."""

from datetime import timedelta

from benchmarks.chaos.runs import noted
from jobs import Every, Job


class PulseJob(Job):
    """Notes each second, and how many before it were missed."""

    schedule = Every(timedelta(seconds=1), overlap="allow")

    def perform(self) -> None:
        with noted(f"pulse-{self.scheduled_at.timestamp():.0f}-{self.missed}", self.attempt):
            pass
