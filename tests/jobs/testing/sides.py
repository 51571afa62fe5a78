"""The two sides of the contract.

There are jobs that a test collects, and jobs in Redis with a worker. A test of the contract speaks
to either in the same words.
"""

from dataclasses import dataclass
from datetime import timedelta

from jobs.conf import JobsSettings
from jobs.features.periodic.clockwork import Clockwork
from jobs.payload import decode
from jobs.store import Store
from jobs.testing import Tick, enqueued_jobs, pass_time, run_next
from jobs.testing.fake_job import older
from tests.jobs.features.periodic.stage import SimulatedStore
from tests.jobs.store.sample_queue import SampleQueue
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

#: The queues of all jobs of the contract.
QUEUES = ("default", "imports")


class Fake:
    """Jobs that a test collected."""

    def kept(self) -> list[list[object]]:
        """Return the arguments of the jobs that wait."""
        return [payload.args for payload in enqueued_jobs()]

    def run(self) -> None:
        """Run all that is due, as a worker does."""
        while run_next():
            pass

    def pass_time(self, duration: timedelta) -> None:
        """Let all jobs get older."""
        pass_time(duration)

    def fire(self, tick: Tick) -> None:
        """Let a schedule fire."""
        tick.fire()


@dataclass
class Moment:
    """What a supervisor takes for the time."""

    ms: int


class Real:
    """Jobs in Redis, and a worker of one thread where it is wanted."""

    def __init__(self, store: Store, url: str) -> None:
        self.store, self._url = store, url
        self._queues = [SampleQueue(store, name) for name in QUEUES]
        self._settings = JobsSettings(redis_url=url, concurrency=1, heartbeat=0.3, lease=0.9)

    def kept(self) -> list[list[object]]:
        """Return the arguments of the jobs that wait."""
        waiting = [
            q.payload(job_id)
            for q in self._queues
            for name in ("ready", "scheduled", "retry")
            for job_id in q.ids(name)
        ]
        return [decode(raw).args for raw in waiting if raw]

    def run(self) -> None:
        """Let a worker run all that is due."""
        with running(make_worker(self._settings, *QUEUES)):
            wait_until(self._is_idle)

    def _is_idle(self) -> bool:
        return not any(map(self._has_work, self._queues))

    def _has_work(self, q: SampleQueue) -> bool:
        """Return whether something runs, or a fetch has something to take, promote or drop.

        All is asked in one step: a job that moves meanwhile would be seen nowhere.
        """
        with q.client.pipeline() as pipe:
            pipe.hlen(q.keys.running)
            pipe.zcard(q.keys.ready)
            for key in (q.keys.scheduled, q.keys.retry, q.keys.done):
                pipe.zcount(key, "-inf", q.now())
            return any(pipe.execute())

    def pass_time(self, duration: timedelta) -> None:
        """Write into Redis that everything happened so much earlier."""
        for q in self._queues:
            self._age(q, round(duration.total_seconds() * 1000))

    def _age(self, q: SampleQueue, ms: int) -> None:
        keys = q.keys
        for key in (keys.scheduled, keys.retry, keys.done, keys.windows):
            for member in q.client.zrange(key, 0, -1):
                q.client.zincrby(key, -ms, member)
        for job_id in q.payloads():
            payload = older(decode(q.payload(job_id)), ms / 1000)
            q.client.hset(keys.payloads, job_id, payload.encode())
        for owner, trait in q.client.hgetall(keys.traits).items():
            words = [_aged(word, ms) for word in trait.decode().split(" ")]
            q.client.hset(keys.traits, owner, " ".join(words))

    def fire(self, tick: Tick) -> None:
        """Let a supervisor see the schedule before its tick, and at it."""
        at = round(tick.at.timestamp() * 1000)
        moment = Moment(at - 500)
        store = SimulatedStore(self._url, moment)
        clockwork = Clockwork(lambda: [tick._entry], lambda: 0.0, lambda: moment.ms / 1000)
        clockwork.look(store)
        moment.ms = at + 10
        clockwork.look(store)
        store.close()


def _aged(word: str, ms: int) -> str:
    name, is_named, value = word.partition("=")
    if is_named and name in {"expires", "first"}:
        return f"{name}={int(value) - ms}"
    return word


Side = Fake | Real
