"""Supervisors with simulated time, which lies in Redis' past."""

import random
from datetime import timedelta

from jobs import Every
from jobs.errors import StoreUnavailable
from jobs.features.periodic.clockwork import Clockwork
from jobs.features.periodic.entries import Entry
from jobs.payload import decode
from jobs.store import Store
from jobs.store.schedules import Schedules
from tests.jobs.store.sample_queue import SampleQueue

NAME = "tests.AJob"
SECOND = Every(timedelta(seconds=1), overlap="allow")


class Time:
    """A clock that tests turn, which began at a full hour of the past."""

    def __init__(self, redis_now):
        self.start = int(redis_now) // 3600 * 3600 - 3600
        self.passed = 0.0
        #: How much Redis' clock is ahead of the time that has passed.
        self.ahead = 0.0

    @property
    def ms(self):
        return round((self.start + self.passed + self.ahead) * 1000)


class SimulatedStore(Store):
    """A store that tells simulated time, and may break around each script."""

    def __init__(self, url, time, chance=lambda: 1.0, *, breaks=0.0):
        super().__init__(url, timeout=5.0)
        self._time, self._chance, self._breaks = time, chance, breaks
        run = self.scripts.run

        def break_somewhere(*args):
            if self._chance() < self._breaks:
                raise StoreUnavailable(self.url, "it broke before")
            found = run(*args)
            if self._chance() < self._breaks:
                raise StoreUnavailable(self.url, "it broke after")
            return found

        self.scripts.run = break_somewhere  # type: ignore[method-assign]

    def now(self):
        return self._time.ms / 1000


class Stage:
    """Entries, supervisors, and a queue."""

    def __init__(self, store, redis_url):
        self.time = Time(store.now())
        self.url = redis_url
        self.q = SampleQueue(store)
        self.desk = Schedules(store)
        self.events = []

    def entry(self, schedule=SECOND, name=NAME, queue="q"):
        return Entry(name, name, queue, 0, schedule)

    def supervisor(self, *entries, chance=lambda: 0.0, breaks=0.0, uptime=None):
        """Return a function that lets a new supervisor look once."""
        store = SimulatedStore(self.url, self.time, random.random, breaks=breaks)
        uptime = uptime or (lambda: self.time.passed)
        clockwork = Clockwork(lambda: entries or [self.entry()], chance, uptime)

        def look():
            try:
                clockwork.look(store)
            except StoreUnavailable:
                return False
            return True

        return look

    def ticks(self):
        """Return the ticks whose jobs are in the queue, in seconds since the beginning."""
        payloads = [decode(self.q.payload(job_id)) for job_id in self.q.payloads()]
        at = [payload.context["schedule"]["at"] - self.time.start for payload in payloads]
        return sorted(round(each) for each in at)

    def cursor(self, queue="q", name=NAME):
        [cursor] = self.desk.cursors(queue, [name])
        return None if cursor is None else cursor / 1000 - self.time.start

    def told(self, kind):
        return [event for event in self.events if isinstance(event, kind)]
