"""The portrait of a worker: what people see of it, sent with each heartbeat."""

import os
import resource
import socket
import time
from collections.abc import Sequence

from jobs.conf import JobsSettings
from jobs.heartbeat import CLOCK_APART, Heartbeat
from jobs.store import Store
from jobs.store.heartbeats import Heartbeats
from jobs.worker.course import Course
from jobs.worker.crew import Crew

#: How long a worker is shown to people after its last heartbeat. Seconds.
SHOWN_FOR = 60.0
#: But not less than so many heartbeats.
SHOWN_FOR_HEARTBEATS = 6
#: A process that has not looked at itself for so many heartbeats, and so many seconds, was frozen.
FROZEN_HEARTBEATS, FROZEN_SECONDS = 3, 15.0


class Portrait:
    """Shows one worker process to people."""

    def __init__(
        self,
        store: Store,
        crew: Crew,
        course: Course,
        queues: Sequence[str],
        settings: JobsSettings,
    ) -> None:
        """Take what is shown.

        Nothing is sent yet.
        """
        self._desk = Heartbeats(store)
        self._crew = crew
        self._course = course
        self._queues = queues
        self._concurrency = settings.concurrency
        self._shown_for = max(SHOWN_FOR, SHOWN_FOR_HEARTBEATS * settings.heartbeat)
        self._started_at = time.time()
        most_gap = max(FROZEN_SECONDS, FROZEN_HEARTBEATS * settings.heartbeat)
        self._fetching = _Turning(most_gap)
        self._apart_since: float | None = None
        self._quiet_since: float | None = None

    def beat(self) -> None:
        """Show the worker as it is now.

        Raise StoreUnavailable.
        """
        running = self._crew.in_hand()
        buffer, beat_at = self._crew.buffer, time.time()
        if not self._course.is_quiet:
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = beat_at
        heartbeat = Heartbeat(
            host=socket.gethostname(),
            pid=os.getpid(),
            queues=tuple(self._queues),
            concurrency=self._concurrency,
            busy=len(running),
            running=tuple(running),
            is_quiet=self._course.is_quiet,
            is_stopping=self._course.is_stopping,
            started_at=self._started_at,
            beat_at=beat_at,
            peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            stands_since=self._fetching.look(buffer.turns, beat_at, is_due=buffer.is_waiting),
            apart_since=self._apart_since,
            quiet_since=self._quiet_since,
            leaves_for=self._course.leaves_for,
        )
        seen_at = self._desk.beat(self._crew.worker, heartbeat.to_hash(), self._shown_for)
        self._compare(beat_at, seen_at)

    def take_down(self) -> None:
        """Show the worker no more.

        Raise StoreUnavailable.
        """
        self._desk.forget(self._crew.worker)

    def _compare(self, beat_at: float, seen_at: float) -> None:
        """Note since when our clock has differed from Redis'.

        The next heartbeat tells it. So one that was merely late says nothing of the clock.
        """
        if abs(seen_at - beat_at) <= CLOCK_APART:
            self._apart_since = None
        elif self._apart_since is None:
            self._apart_since = seen_at


class _Turning:
    """When a counter that must go on was last seen to do so.

    Where nobody looked for a while, everything stood still, and the count begins again.
    """

    def __init__(self, most_gap: float) -> None:
        """Take the longest time between two looks. Seconds."""
        self._most_gap = most_gap
        self._counter = -1
        self._since = self._looked_at = 0.0

    def look(self, counter: int, at: float, *, is_due: bool) -> float | None:
        """Return since when it has stood still, None if it need not turn."""
        was_frozen = at - self._looked_at > self._most_gap
        self._looked_at = at
        if counter != self._counter or not is_due or was_frozen:
            self._counter, self._since = counter, at
            return None
        return self._since
