"""Tells where jobs are, in Redis or in a test's memory.

Used by whoever waits for a job, and set by `jobs.testing`.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol

from jobs.client import get_client
from jobs.conf import get_settings
from jobs.payload import decode
from jobs.store.whereabouts import Glance, Wanted, Whereabout, Whereabouts


class Desk(Protocol):
    """Looks after single jobs."""

    #: Whether a job that has not ended may do so while somebody waits.
    moves: bool

    def look(self, queue: str, job_id: str, wanted: Wanted = "ended") -> Glance:
        """Return where a job of a queue is."""

    def queue_of(self, job_id: str, others: Iterable[str] = ()) -> str | None:
        """Return the queue that has a job, None if there is no such job."""


class RedisDesk(Whereabouts):
    """Looks in Redis."""

    moves = True


class DeskSwitch:
    """Holds the function that finds the desk, one for the process.

    Threads of a test's server must meet the same jobs as the test.
    """

    def __init__(self) -> None:
        """Start with Redis."""
        self.current: Callable[[], Desk] = in_redis


def in_redis() -> Desk:
    """Return the desk in the Redis of the settings. Makes no round trip."""
    return RedisDesk(get_client().store)


def named_queues() -> set[str]:
    """Return the queues that may have jobs before anybody has announced them in Redis."""
    return {"default", *get_settings().served_queues}


class MemoryDesk:
    """The jobs of a test in fake or inline mode.

    `waiting` tells of a job that has not run, None if there is no such job.
    """

    moves = False

    def __init__(self, waiting: Callable[[str], Glance | None]) -> None:
        """Take what tells of the jobs that are collected. None has ended yet."""
        self._waiting = waiting
        self._ended: dict[str, tuple[Glance, float]] = {}
        self._told: dict[str, bytes] = {}
        #: How much more time has passed than the clock says, in seconds.
        self._passed = 0.0

    def note(self, job_id: str, place: Whereabout, payload: bytes, seconds: float) -> None:
        """Keep how a job has ended, for so many seconds."""
        self._ended[job_id] = Glance(place, payload), self._now() + seconds

    def tell(self, job_id: str, note: bytes) -> None:
        """Keep what a job tells of its progress."""
        self._told[job_id] = note

    def told(self, job_id: str) -> bytes | None:
        """Return what a job told of its progress last."""
        return self._told.get(job_id)

    def pass_time(self, seconds: float) -> None:
        """Let what is kept be forgotten so much sooner."""
        self._passed += seconds

    def _now(self) -> float:
        return time.time() + self._passed

    def look(self, queue: str, job_id: str, wanted: Wanted = "ended") -> Glance:
        """Return where a job is."""
        found = self._waiting(job_id)
        if found is None:
            found, until = self._ended.get(job_id, (Glance("gone"), 0.0))
            if self._now() >= until:
                return Glance("gone")
        return replace(found, note=self.told(job_id))

    def queue_of(self, job_id: str, others: Iterable[str] = ()) -> str | None:
        """Return the queue of a job, None if there is no such job."""
        payload = self.look("", job_id).payload
        return None if payload is None else decode(payload).queue


switch = DeskSwitch()
