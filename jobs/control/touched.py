"""Which jobs a change was made to, for whoever keeps a trail of it.

There may be a million of them, so only the first are kept one by one.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from jobs.text import raw_of

#: Jobs that are kept one by one.
MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class TouchedJob:
    """A job as it was before the change.

    `at` is the time of its set: when it is due, died, became ready, or expires.
    """

    id: str
    queue: str
    at: datetime | None


class Touched:
    """The jobs of one change, in the order in which they were met.

    `first` holds the first hundred, `by_queue` the number of all in each queue.
    """

    def __init__(self) -> None:
        """Start with no job."""
        self.first: list[TouchedJob] = []
        self.by_queue: Counter[str] = Counter()
        self._sum = 0

    def add(self, job_id: str, queue: str, at: datetime | None) -> None:
        """Note a job that is changed."""
        self.by_queue[queue] += 1
        self._sum += int.from_bytes(sha256(raw_of(job_id)).digest())
        if len(self.first) < MOST_LISTED:
            self.first.append(TouchedJob(job_id, queue, at))

    @property
    def count(self) -> int:
        """The number of all jobs."""
        return self.by_queue.total()

    @property
    def digest(self) -> str:
        """The sum of the SHA-256 of all ids, modulo 2**256, in hexadecimal digits.

        It does not depend on the order. So a list of ids can be compared with it.
        """
        return f"{self._sum % 2**256:064x}"
