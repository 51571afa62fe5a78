"""Tells which problems somebody may see who sees only some queues.

All queues and workers are judged together, since a rule that misses some of them judges wrongly.
Then each problem is shown to those who may see what it is about.
"""

import socket
from functools import cached_property

from jobs.inspect.class_sight import sees_class
from jobs.inspect.queues import sees_every_queue
from jobs.inspect.stats import Stats
from jobs.problem import Problem
from jobs.store.reader import Reader

ABOUT_QUEUES = frozenset(
    {"queue_unserved", "queue_late", "queue_full", "dead_full", "dead_growing"}
)
#: They are about a job class, or about one of its schedules.
ABOUT_CLASSES = frozenset({"failures", "job_overlong", "schedule_missed"})
ABOUT_WORKERS = frozenset({"worker_silent", "worker_stuck"})
#: They are about Redis, the outbox and the workers as a whole, and name nothing that is hidden.
FOR_EVERYBODY = frozenset(
    {
        "workers_missing",
        "outbox_late",
        "redis_memory",
        "redis_unlimited",
        "redis_eviction",
        "redis_persistence",
        "redis_old",
        "unjudged",
    }
)


class Onlooker:
    """Somebody who looks at problems."""

    def __init__(self, reader: Reader, stats: Stats) -> None:
        """Take the reader with their sight, and what it has shown."""
        self._reader = reader
        self._sight = reader.sight
        self._workers = {worker.name for worker in stats.workers}
        self._hosts = {socket.gethostname(), *(worker.host for worker in stats.workers)}

    @property
    def sees_everything(self) -> bool:
        """Whether nothing is hidden from them, so that they may read any message."""
        return self._sight.sees_all_queues and self._sight.sees_arguments

    def sees(self, problem: Problem) -> bool:
        """Return whether they may see a problem that a rule has found.

        It costs one round trip where the problem is about a worker or a class that they do not
        know.
        """
        if self._sight.sees_all_queues or problem.kind in FOR_EVERYBODY:
            return True
        if problem.kind in ABOUT_QUEUES:
            return self._sight.sees_queue(problem.key)
        if problem.kind in ABOUT_CLASSES:
            return sees_class(problem.key.partition(":")[0], self._reader)
        known = self._workers if problem.kind in ABOUT_WORKERS else self._hosts
        return problem.key in known or self._sees_every_queue

    @cached_property
    def _sees_every_queue(self) -> bool:
        return sees_every_queue(self._reader)
