"""Problems: what is wrong, since when, what to do about it, and where.

Some are judgements of `jobs.inspect.problems`. Others are what cannot be read in Redis.
Whoever reads for people notes such a problem and reads on. So one bad entry costs one
line and nothing else.
"""

from dataclasses import dataclass
from datetime import datetime

#: Most problems that one look keeps; the rest is counted.
MOST_PROBLEMS = 20
#: Every kind of problem, the worst first. docs/problems.md explains each.
KINDS = (
    "workers_missing",
    "queue_unserved",
    "worker_silent",
    "worker_stuck",
    "queue_late",
    "queue_full",
    "outbox_late",
    "failures",
    "job_overlong",
    "schedule_missed",
    "redis_memory",
    "redis_unlimited",
    "redis_eviction",
    "redis_persistence",
    "redis_old",
    "dead_full",
    "dead_growing",
    "clock_apart",
    "unreadable",
    "unjudged",
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    `key` is what it is about: a key in Redis, a queue, a worker or a job class.
    `reason` says what is wrong there, and `remedy` what to do about it. `kind` is one
    of KINDS. `since` is None where nothing tells it. `where` is the address of the page
    to look at, below that of the control room.
    """

    key: str
    reason: str
    remedy: str
    kind: str = "unreadable"
    since: datetime | None = None
    where: str = ""

    @property
    def name(self) -> str:
        """What tells this problem from all others as long as it lasts."""
        return f"{self.kind}:{self.key}"


class Problems:
    """The problems that one look at Redis has met.

    Each is there once, in the order in which they were met.
    """

    def __init__(self, most: int = MOST_PROBLEMS) -> None:
        """Take the largest number of problems to keep."""
        self._most = most
        self._kept: dict[Problem, None] = {}
        self.left_out = 0

    def add(self, problem: Problem) -> None:
        """Keep a new problem while there is room.

        Without room count it in `left_out`.
        """
        if problem in self._kept:
            return
        if len(self._kept) < self._most:
            self._kept[problem] = None
        else:
            self.left_out += 1

    def all(self) -> tuple[Problem, ...]:
        """Return those that were kept."""
        return tuple(self._kept)
