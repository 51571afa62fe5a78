"""One queue as the tests of the scripts see it: short calls in, and what Redis really holds out."""

from collections.abc import Sequence

from jobs.payload import Payload
from jobs.store import Fetched, NewJob, Store

SETS = ("ready", "scheduled", "retry", "dead", "done")
LEASE = 15.0


def raw_payload(job_id: str, priority: int = 0, queue: str = "q", **fields: object) -> bytes:
    return Payload(priority, job_id, "tests.SampleJob", queue, **fields).encode()


def new_job(job_id: str, priority: int = 0, due: str = "+0") -> NewJob:
    return NewJob(job_id, raw_payload(job_id, priority), priority, due)


class SampleQueue:
    """A store and the name of one queue in it."""

    def __init__(self, store: Store, name: str = "q") -> None:
        self.store = store
        self.client = store.client
        self.name = name
        self.keys = store.keys(name)

    def push(self, *ids: str, priority: int = 0, due: str = "+0") -> int:
        return self.store.push(self.name, [new_job(i, priority, due) for i in ids])

    def fetch(self, worker: str, count: int, finished: Sequence[str] = (), *, join: bool = True) -> Fetched:
        return self.store.fetch(self.name, worker, count, lease=LEASE, join=join, finished=finished)

    def take(self, worker: str = "w", count: int = 1, finished: Sequence[str] = ()) -> list[str]:
        return [job_id for job_id, _ in self.fetch(worker, count, finished).jobs]

    def ids(self, name: str) -> list[str]:
        """Return the ids of one of the sets, in its order."""
        return [i.decode() for i in self.client.zrange(getattr(self.keys, name), 0, -1)]

    def score(self, name: str, job_id: str) -> float | None:
        return self.client.zscore(getattr(self.keys, name), job_id)

    def running(self) -> dict[str, str]:
        """Return which worker runs which id."""
        held = self.client.hgetall(self.keys.running)
        return {i.decode(): by.decode().rpartition("|")[0] for i, by in held.items()}

    def payloads(self) -> set[str]:
        return {i.decode() for i in self.client.hkeys(self.keys.payloads)}

    def payload(self, job_id: str) -> bytes | None:
        return self.client.hget(self.keys.payloads, job_id)

    def stat(self, name: str) -> int:
        return int(self.client.hget(self.keys.stats, name) or 0)

    def rings(self) -> int:
        return self.client.llen(self.keys.bell)

    def silence(self) -> None:
        self.client.delete(self.keys.bell)

    def now(self) -> int:
        """Return the time of Redis' clock in ms."""
        seconds, microseconds = self.client.time()
        return seconds * 1000 + microseconds // 1000

    def places(self) -> dict[str, list[str]]:
        """Return where each id is that is anywhere; `payload missing` and `no place` stand for what is lacking."""
        found: dict[str, list[str]] = {}
        for name in SETS:
            for job_id in self.ids(name):
                found.setdefault(job_id, []).append(name)
        for job_id in self.running():
            found.setdefault(job_id, []).append("running")
        payloads = self.payloads()
        for job_id in set(found) - payloads:
            found[job_id].append("payload missing")
        return found | {job_id: ["no place"] for job_id in payloads - set(found)}

    def is_sound(self) -> bool:
        """Look whether every payload is in exactly one place, and nothing else is."""
        return all(len(places) == 1 and places != ["no place"] for places in self.places().values())
