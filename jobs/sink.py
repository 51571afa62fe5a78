"""Where new jobs go: to Redis, or to a collection of a test.

Used by `enqueue` and set by `jobs.testing`.
"""

from typing import Protocol

from jobs.client import get_client
from jobs.commit import awaits_commit, push_after_commit
from jobs.store import NewJob


class Sink(Protocol):
    """Takes jobs that are ready to be sent."""

    def send(self, jobs: list[tuple[str, NewJob]], *, after_commit: bool) -> None:
        """Take (queue, job) pairs, now or at the commit of the open transactions."""

    def awaits_commit(self, job_id: str) -> bool:
        """Tell whether a job comes in only with a commit of this thread."""


class RedisSink:
    """Sends jobs to Redis."""

    def send(self, jobs: list[tuple[str, NewJob]], *, after_commit: bool) -> None:
        """Push now, or at the commit.

        Raise StoreUnavailable.
        """
        if after_commit:
            push_after_commit(jobs)
        else:
            get_client().push(jobs)

    def awaits_commit(self, job_id: str) -> bool:
        """Tell whether the push of a job waits for a transaction of this thread."""
        return awaits_commit(job_id)


class SinkSwitch:
    """Holds the sink in use, one for the process.

    Threads of a test's server must meet the same sink as the test.
    """

    def __init__(self) -> None:
        """Start with Redis."""
        self.current: Sink = RedisSink()


switch = SinkSwitch()
