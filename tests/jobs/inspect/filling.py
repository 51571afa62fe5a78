"""Puts jobs and workers into Redis the way that enqueueing and workers do."""

import time
from typing import Any

from jobs.ids import new_job_id
from jobs.payload import Payload
from jobs.store import NewJob, Store
from jobs.store.reader import TIME_BITS

WORKER = "host:1:abcd"


def push(store: Store, queue: str = "default", *, count: int = 1, priority: int = 0, ago: float = 0.0) -> list[str]:
    """Push jobs that became ready `ago` seconds ago, or will in `-ago` seconds; return their ids."""
    due = str(round((time.time() - ago) * 1000)) if ago else "+0"
    payloads = [Payload(priority, new_job_id(), "tests.AnyJob", queue) for _ in range(count)]
    for batch in range(0, count, 500):
        jobs = [NewJob(p.id, p.encode(), priority, due) for p in payloads[batch : batch + 500]]
        store.push(queue, jobs)
    store.announce_queues([queue])
    return [payload.id for payload in payloads]


def fetch(store: Store, queue: str = "default", *, count: int = 1) -> list[str]:
    """Take jobs for the one worker of the tests; return their ids."""
    fetched = store.fetch(queue, WORKER, count, lease=60, join=True)
    return [job_id for job_id, _ in fetched.jobs]


def fill(store: Store, queue: str = "default") -> dict[str, str]:
    """Leave one job in each place and one that is finished; return the ids by place."""
    jobs = {}
    for place in ("dead", "retry", "done", "finished", "running"):
        push(store, queue)
        [jobs[place]] = fetch(store, queue)
    store.fail(queue, WORKER, jobs["dead"], b"{}", "dead")
    store.fail(queue, WORKER, jobs["retry"], b"{}", "retry", delay_seconds=60)
    store.finish(queue, WORKER, jobs["done"], b"{}", 60)
    store.fetch(queue, WORKER, 0, lease=60, finished=[jobs["finished"]])
    [jobs["scheduled"]] = push(store, queue, ago=-60)
    [jobs["ready"]] = push(store, queue)
    return jobs


def beat(store: Store, worker: str = WORKER, *, ttl: float = 60, **changes: str | float) -> None:
    """Show a worker as its heartbeat does."""
    facts: dict[str, str | int | float] = {
        "host": "host",
        "pid": 1,
        "queues": "high,default",
        "concurrency": 5,
        "busy": 0,
        "running": "",
        "quiet": 0,
        "started_at": time.time() - 100,
        "beat_at": time.time(),
        "peak_memory_bytes": 50_000_000,
    }
    store.beat(worker, facts | changes, ttl)


def put(store: Store, name: str, queue: str = "default", *, at: float | None = None, **fields: Any) -> str:
    """Put a job straight into a set at a time in epoch seconds, by default now; return its id."""
    fields = {"job_class": "tests.AnyJob", "priority": 0, "enqueued_at": time.time()} | fields
    payload = Payload(id=fields.pop("id", None) or new_job_id(), queue=queue, **fields)
    keys = store.keys(queue)
    score = round((time.time() if at is None else at) * 1000)
    if name == "ready":
        score += (100 - payload.priority) << TIME_BITS
    store.client.hset(keys.payloads, payload.id, payload.encode())
    store.client.zadd(getattr(keys, name), {payload.id: score})
    store.announce_queues([queue])
    return payload.id


def failure(error_class: str, message: str, at: float = 0.0) -> dict[str, Any]:
    """Return an error as a payload keeps it."""
    return {"class": error_class, "message": message, "at": at, "worker": WORKER}
