"""The store: one method for each atomic transition of a job. Used by `client` and the worker; `reader` only looks.

Every method sends one script for one queue and may be called again after a lost answer. Redis unreachable, late or
full raises StoreUnavailable.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from jobs.errors import ConfigurationError, StoreUnavailable
from jobs.store.bell import Bell
from jobs.store.connection import Client, RedisCluster, connect, hide_password, is_unavailable
from jobs.store.keys import QueueKeys, SharedKeys
from jobs.store.scripts import Scripts, sources

#: Most jobs in one push or fetch: Lua cannot unpack more than some thousand values.
MOST_JOBS = 1_000
#: How long a push is remembered, in ms; longer than any client goes on sending it again.
RECEIPT_MS = 30_000
DAY_MS = 24 * 3600 * 1000

Outcome = Literal["retry", "dead", "discard"]
#: Where jobs that wait can be moved; "scheduled" gives those of the retry set a new time there.
Destination = Literal["ready", "scheduled", "dead", "delete"]


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job on its way into a queue. `due`: ms since the epoch, or "+N": N ms from when Redis sees it."""

    id: str
    payload: bytes
    priority: int
    due: str = "+0"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one fetch brought. `jobs` holds (id, payload), the payload None where Redis has lost it."""

    lease_is_good: bool
    next_due_seconds: float | None
    expired_worker: str | None
    lost: list[str]
    jobs: list[tuple[str, bytes | None]]


class Store:
    """One Redis and one namespace. Threads may share it; a forked child makes its own."""

    def __init__(self, url: str, namespace: str = "jobs", timeout: float = 1.0) -> None:
        """Take the URL, and the seconds to wait for a connection or an answer. Connects when first used."""
        self.url = hide_password(url)
        self.client: Client = self._connect(url, timeout)
        self.shared = SharedKeys(namespace)
        self.namespace = namespace
        self.scripts = Scripts(self.client)
        self._keys: dict[str, QueueKeys] = {}

    def _connect(self, url: str, timeout: float) -> Client:
        with self.available():
            return connect(url, timeout)

    def keys(self, queue: str) -> QueueKeys:
        """Return the keys of a queue."""
        if queue not in self._keys:
            self._keys[queue] = QueueKeys(self.namespace, queue)
        return self._keys[queue]

    def bell(self, queues: Sequence[str]) -> Bell:
        """Return a bell that rings when one of these queues has work; each sleeper needs its own."""
        return Bell(self, [self.keys(queue).bell for queue in queues])

    @contextmanager
    def available(self) -> Iterator[None]:
        """Turn every sign of an absent Redis into StoreUnavailable."""
        try:
            yield
        except Exception as error:
            if is_unavailable(error):
                raise StoreUnavailable(self.url, error) from error
            raise

    # Enqueueing

    def push(self, queue: str, jobs: Sequence[NewJob]) -> int:
        """Insert up to 1,000 jobs and return how many were new, 0 when this push was done before. O(k log n)."""
        keys, args = self._push_call(queue, jobs)
        with self.available():
            inserted: int = self.scripts.run("push", keys, args)
        return max(inserted, 0)

    def _push_call(self, queue: str, jobs: Sequence[NewJob]) -> tuple[tuple[str, ...], list[str | bytes | int]]:
        if len(jobs) > MOST_JOBS:
            raise ValueError(f"{len(jobs):,} jobs are too many for one push; send at most {MOST_JOBS:,}.")
        k = self.keys(queue)
        args: list[str | bytes | int] = [RECEIPT_MS]
        for job in jobs:
            args += (job.id, job.payload, job.priority, job.due)
        return (k.payloads, k.ready, k.scheduled, k.bell, k.receipt([job.id for job in jobs])), args

    def push_all(self, jobs_by_queue: Mapping[str, Sequence[NewJob]]) -> int:
        """Push to several queues and return the number of new jobs: one round trip, on a cluster one for each queue."""
        if len(jobs_by_queue) == 1 or isinstance(self.client, RedisCluster):
            return sum(self.push(queue, jobs) for queue, jobs in jobs_by_queue.items())
        with self.available(), self.client.pipeline(transaction=False) as pipe:
            for queue, jobs in jobs_by_queue.items():
                keys, args = self._push_call(queue, jobs)
                pipe.eval(sources()["push"], len(keys), *keys, *args)  # EVAL: a pipeline cannot recover from NOSCRIPT
            return sum(max(inserted, 0) for inserted in pipe.execute())

    def announce_queues(self, queues: Sequence[str]) -> None:
        """Make queues known to those who look. O(k)."""
        with self.available():
            self.client.sadd(self.shared.queues, *queues)

    # The worker

    def fetch(
        self, queue: str, worker: str, count: int, *, lease: float, join: bool = False, finished: Sequence[str] = ()
    ) -> Fetched:
        """Finish jobs, renew the lease, promote what is due and take up to `count`; `join` on the first call of a name.

        No call takes more than 1,000. One round trip, O((finished + promoted + count) log n).
        """
        k = self.keys(queue)
        keys = (k.payloads, k.ready, k.scheduled, k.retry, k.running, k.leases, k.bell, k.meta, k.stats)
        with self.available():
            good, next_due, expired, lost, taken = self.scripts.run(
                "fetch", keys, [worker, round(lease * 1000), int(join), min(count, MOST_JOBS), *finished]
            )
        return Fetched(
            lease_is_good=good == 1,
            next_due_seconds=None if next_due < 0 else next_due / 1000,
            expired_worker=expired.decode() or None,
            lost=[job_id.decode() for job_id in lost],
            jobs=[(taken[i].decode(), taken[i + 1]) for i in range(0, len(taken), 2)],
        )

    def finish(self, queue: str, worker: str, job_id: str, payload: bytes, keep_seconds: float) -> bool:
        """Finish a job and keep its result; return whether the worker still owned it. O(log n)."""
        k = self.keys(queue)
        args = [worker, job_id, payload, round(keep_seconds * 1000)]
        with self.available():
            return bool(self.scripts.run("finish", (k.running, k.payloads, k.done, k.stats), args) == 1)

    def fail(  # noqa: PLR0913  # all that one transition needs
        self,
        queue: str,
        worker: str,
        job_id: str,
        payload: bytes,
        outcome: Outcome,
        *,
        delay_seconds: float = 0.0,
        dead_limits: tuple[int, int] = (10_000, 180),
        counter: str = "failed",
    ) -> bool:
        """Move a running job to the retry or dead set, or drop it; return whether the worker still owned it. O(log n).

        `dead_limits`: the most jobs and the most days that the dead set keeps. `counter` is what the stats count it as.
        """
        k = self.keys(queue)
        most, days = dead_limits
        args = [worker, job_id, payload, outcome, round(delay_seconds * 1000), most, days * DAY_MS, counter]
        with self.available():
            return bool(self.scripts.run("fail", (k.running, k.payloads, k.retry, k.dead, k.bell, k.stats), args) == 1)

    def release(self, queue: str, worker: str, jobs: Sequence[tuple[str, bytes]]) -> int:
        """Give jobs back to the place they had, with a new payload unless it is empty; return how many. O(k log n)."""
        k = self.keys(queue)
        args: list[str | bytes] = [worker]
        for job_id, payload in jobs:
            args += (job_id, payload)
        with self.available():
            return int(self.scripts.run("release", (k.running, k.payloads, k.ready, k.bell), args))

    def list_running(self, queue: str, worker: str) -> Iterator[tuple[str, bytes | None]]:
        """Yield (id, payload) of all that runs under a worker's name. O(running jobs), 500 of them in a round trip."""
        k = self.keys(queue)
        cursor: bytes | str = "0"
        while True:
            with self.available():
                cursor, listed = self.scripts.run("list_running", (k.running, k.payloads), [worker, cursor])
            yield from ((listed[i].decode(), listed[i + 1]) for i in range(0, len(listed), 2))
            if cursor == b"0":
                return

    def is_busy(self, queue: str) -> bool:
        """Return whether a job of this queue is ready or running, anywhere. Two round trips, O(1)."""
        k = self.keys(queue)
        with self.available():
            return bool(self.client.zcard(k.ready) or self.client.hlen(k.running))

    # Leases

    def renew(self, queue: str, workers: Sequence[str], lease: float) -> int:
        """Renew the leases of workers that live; return how many could be. O(k log n)."""
        with self.available():
            return int(self.scripts.run("renew", (self.keys(queue).leases,), [round(lease * 1000), *workers]))

    def condemn(self, queue: str, worker: str, *, is_dead: bool) -> bool:
        """Give up a worker that is dead or whose lease ran out; return whether its jobs may be taken back. O(log n)."""
        with self.available():
            return bool(self.scripts.run("condemn", (self.keys(queue).leases,), [worker, int(is_dead)]) == 1)

    def leave(self, queue: str, worker: str) -> None:
        """Forget a worker under whose name nothing runs any more. O(log n)."""
        with self.available():
            self.client.zrem(self.keys(queue).leases, worker)

    def beat(self, worker: str, facts: Mapping[str, str | int | float], ttl: float) -> None:
        """Show a worker to those who look, until `ttl` seconds from now. Three round trips, O(log n)."""
        key = self.shared.worker(worker)
        mapping: dict[Any, Any] = dict(facts)  # redis-py is particular about the types of keys
        with self.available():
            self.client.hset(key, mapping=mapping)
            self.client.pexpire(key, round(ttl * 1000))
            self.client.zadd(self.shared.workers, {worker: time.time()})

    def forget(self, worker: str) -> None:
        """Stop showing a worker. O(log n)."""
        with self.available():
            self.client.delete(self.shared.worker(worker))
            self.client.zrem(self.shared.workers, worker)

    def close(self) -> None:
        """Close every connection; the store opens new ones when used again. Call it before a fork."""
        self.client.close()

    # Moving what waits

    def move(
        self,
        queue: str,
        source: Literal["ready", "scheduled", "retry", "dead", "done"],
        destination: Destination,
        job_ids: Sequence[str],
        due_at: float = 0.0,
    ) -> int:
        """Move jobs that wait from one set to another, or delete them; return how many were there. O(k log n)."""
        k = self.keys(queue)
        waiting = k.retry if source == "retry" else k.scheduled
        keys = (k.payloads, getattr(k, source), k.ready, waiting, k.dead, k.bell)
        with self.available():
            return int(self.scripts.run("move", keys, [destination, round(due_at * 1000), *job_ids]))

    def pause(self, queue: str) -> None:
        """Let no worker take jobs from a queue. One round trip, O(1)."""
        with self.available():
            self.client.hset(self.keys(queue).meta, "paused", "1")

    def resume(self, queue: str) -> None:
        """Let workers take jobs again, and wake one. One round trip, O(1)."""
        k = self.keys(queue)
        with self.available(), self.client.pipeline(transaction=True) as pipe:
            pipe.hdel(k.meta, "paused")
            pipe.rpush(k.bell, 1)
            pipe.ltrim(k.bell, 0, 0)
            pipe.execute()

    def audit(self, queue: str, job_ids: Sequence[str], *, repair: bool) -> list[tuple[str, str]]:
        """Return (id, where it was found) of the jobs that are not in exactly one place; repair them if asked."""
        k = self.keys(queue)
        keys = (k.payloads, k.ready, k.scheduled, k.retry, k.dead, k.done, k.running, k.leases, k.bell)
        with self.available():
            found = self.scripts.run("audit", keys, [int(repair), *job_ids])
        return [(found[i].decode(), found[i + 1].decode()) for i in range(0, len(found), 2)]

    def check_server(self) -> list[str]:
        """Return warnings about this Redis; raise ConfigurationError when it is too old to be used. Two round trips."""
        with self.available():
            info = self.client.info()
        return judge(info, self.url)


def judge(info: Mapping[str, object], url: str) -> list[str]:
    """Return warnings about a Redis that tells this of itself; raise ConfigurationError when it is too old."""
    version = str(info.get("valkey_version") or info.get("redis_version", "0"))
    minimum = (7, 2) if "valkey_version" in info else (7, 0)
    if tuple(int(part) for part in version.split(".")[:2]) < minimum:
        raise ConfigurationError(f"{url} runs version {version}; Redis 7.0 or Valkey 7.2 is the oldest that works.")
    warnings = []
    if info.get("maxmemory_policy") != "noeviction":
        warnings.append(
            f"maxmemory-policy is {info.get('maxmemory_policy')}: Redis may throw jobs away. Set it to noeviction."
        )
    if not info.get("aof_enabled"):
        warnings.append("Append-only persistence is off: a restart of Redis loses jobs. Set appendonly yes.")
    return warnings
