"""The job of the drill of the outbox."""

import time

from benchmarks.chaos.runs import noted
from jobs import Job


class OrderJob(Job):
    """Notes that it has run, and takes long enough to be struck."""

    def perform(self, key: str) -> None:
        with noted(key, self.attempt):
            time.sleep(0.005)
