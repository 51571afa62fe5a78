"""Jobs as Redis holds them: made for a test, and looked up after it."""

import hashlib
import itertools

import redis

from jobs.ids import new_job_id
from jobs.payload import Payload, decode
from jobs.store import NewJob, Store, Terms
from jobs.store.scripts import sources

SETS = ("ready", "scheduled", "retry", "dead", "done")


def push(
    store: Store, queue: str = "default", count: int = 1, job_class: str = "tests.Nothing", **fields
) -> list[str]:
    """Push jobs and return their ids.

    The ids stand in the order in which the jobs will be taken.
    """
    ids = sorted(new_job_id() for _ in range(count))
    payloads = [Payload(0, job_id, job_class, queue, **fields) for job_id in ids]
    store.intake.push(queue, [NewJob(p.id, p.encode(), 0) for p in payloads])
    return ids


def push_raw(store: Store, raw: bytes, queue: str = "default") -> str:
    """Push bytes that may be no payload."""
    job_id = new_job_id()
    store.intake.push(queue, [NewJob(job_id, raw, 0)])
    return job_id


def payload_of(store: Store, job_id: str, queue: str = "default") -> Payload | None:
    """Return the payload in Redis, None if the job is gone."""
    raw = client_of(store).hget(store.keys(queue).payloads, job_id)
    return decode(raw) if raw else None


def place_of(store: Store, job_id: str, queue: str = "default") -> str | None:
    """Return the set that a job is in, at one moment.

    "running" if it runs, None if it is gone.
    """
    keys = store.keys(queue)
    with client_of(store).pipeline(transaction=True) as pipe:
        pipe.hexists(keys.running, job_id)
        for name in SETS:
            pipe.zscore(getattr(keys, name), job_id)
        is_running, *scores = pipe.execute()
    if is_running:
        return "running"
    return next((name for name, score in zip(SETS, scores, strict=True) if score is not None), None)


def score_of(store: Store, key: str, member: str, queue: str = "default") -> float:
    """Return a score in one of the sorted sets of a queue.

    Most scores are milliseconds.
    """
    score = client_of(store).zscore(getattr(store.keys(queue), key), member)
    assert score is not None
    return score


def stat(store: Store, name: str, queue: str = "default") -> int:
    """Return a counter of a queue."""
    return int(client_of(store).hget(store.keys(queue).stats, name) or 0)


def broken_jobs(store: Store, *queues: str) -> list[tuple[str, str]]:
    """Return every job that is not in exactly one place."""
    found, client = [], client_of(store)
    for queue in queues or ("default",):
        keys = store.keys(queue)
        ids = {*client.hkeys(keys.payloads), *client.hkeys(keys.running)}
        for name in SETS:
            ids.update(client.zrange(getattr(keys, name), 0, -1))
        if ids:
            found += store.sets.audit(
                queue, sorted(job_id.decode() for job_id in ids), repair=False
            )
    return found


def client_of(store: Store) -> redis.Redis:
    """Return the plain client under a store."""
    assert isinstance(store.client, redis.Redis)
    return store.client


def mark_of(script: str) -> bytes:
    """Return what stands in each call of a script and in no other."""
    return hashlib.sha1(sources()[script].encode()).hexdigest().encode()


_numbers = itertools.count(1)


def take(
    store: Store, worker: str, count: int = 1, queue: str = "default", lease: float = 60.0
) -> list[tuple[str, int]]:
    """Take jobs under the name of a worker.

    Returns the id and the number of each taking.
    """
    first = next(_numbers) * 1000
    fetched = store.running.fetch(queue, worker, count, terms=Terms(lease), first=first)
    return [(job_id, number) for number, (job_id, _) in enumerate(fetched.jobs, first)]
