"""One queue as the tests of the scripts see it.

Its calls are short, and what it returns is what Redis really holds.
"""

from collections.abc import Sequence

from jobs.payload import Payload
from jobs.store import Fetched, Leases, NewJob, Store, Terms

SETS = ("ready", "scheduled", "retry", "dead", "done")
LEASE = 15.0


def raw_payload(job_id: str, priority: int = 0, queue: str = "q", **fields: object) -> bytes:
    fields = {"job_class": "tests.SampleJob"} | fields
    return Payload(priority, job_id, queue=queue, **fields).encode()


def new_job(job_id: str, priority: int = 0, due: str = "+0") -> NewJob:
    return NewJob(job_id, raw_payload(job_id, priority), priority, due)


class SampleQueue:
    """A store and the name of one queue in it."""

    def __init__(self, store: Store, name: str = "q") -> None:
        self.store = store
        self.client = store.client
        self.name = name
        self.keys = store.keys(name)
        self.leases = Leases(store, Terms(LEASE))
        self._next = 1

    def push(self, *ids: str, priority: int = 0, due: str = "+0") -> int:
        return self.store.intake.push(self.name, [new_job(i, priority, due) for i in ids])

    def fetch(
        self,
        worker: str,
        count: int,
        finished: Sequence[str | tuple[str, int]] = (),
        *,
        first: int | None = None,
        lease: float = LEASE,
    ) -> Fetched:
        """Fetch with fresh numbers, unless `first` is given.

        `finished` holds ids of jobs that run, or pairs of an id and a number.
        """
        if first is None:
            first, self._next = self._next, self._next + max(count, 1)
        pairs = [(one, self.number(one)) if isinstance(one, str) else one for one in finished]
        return self.store.running.fetch(
            self.name, worker, count, terms=Terms(lease), first=first, finished=pairs
        )

    def take(self, worker: str = "w", count: int = 1, finished: Sequence[str] = ()) -> list[str]:
        return [job_id for job_id, _ in self.fetch(worker, count, finished).jobs]

    def token(self, job_id: str, worker: str = "w") -> str:
        """Return the token of the taking that runs.

        For a job that does not run, return a token that no taking ever had.
        """
        held_by = self.client.hget(self.keys.running, job_id)
        return held_by.decode().rpartition("|")[0] if held_by else f"{worker}#0"

    def number(self, job_id: str) -> int:
        return int(self.token(job_id).rpartition("#")[2])

    def release(self, *ids: str, payload: bytes = b"") -> int:
        """Give back what runs."""
        return self.store.running.release(
            self.name, [(self.token(job_id), job_id, payload) for job_id in ids]
        )

    def ids(self, name: str) -> list[str]:
        """Return the ids of one of the sets, in its order."""
        return [i.decode() for i in self.client.zrange(getattr(self.keys, name), 0, -1)]

    def score(self, name: str, job_id: str) -> float | None:
        return self.client.zscore(getattr(self.keys, name), job_id)

    def running(self) -> dict[str, str]:
        """Return which worker runs which id."""
        held = self.client.hgetall(self.keys.running)
        return {i.decode(): by.decode().rpartition("#")[0] for i, by in held.items()}

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
        """Return the places of each id.

        `payload missing` and `no place` stand for what an id lacks.
        """
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


def put(q: SampleQueue, name: str, scores: dict[str, float], **fields: object) -> None:
    """Put jobs into a set at these scores."""
    for job_id, score in scores.items():
        q.client.hset(q.keys.payloads, job_id, raw_payload(job_id, **fields))
        q.client.zadd(getattr(q.keys, name), {job_id: score})
