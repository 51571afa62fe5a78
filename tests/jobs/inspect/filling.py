"""Puts jobs and workers into Redis the way that enqueueing and workers do."""

import time
from typing import Any

from jobs import Job
from jobs.ids import new_job_id
from jobs.payload import Payload
from jobs.store import MOST_JOBS, NewJob, Store, Terms
from jobs.store.heartbeats import Heartbeats
from jobs.store.reader import TIME_BITS
from jobs.store.schedules import Opening, Schedules
from jobs.text import text_of

WORKER = "host:1:abcd"


class AnyJob(Job):
    """The class of `tests.AnyJob`: of an unknown one, arguments by position would be hidden."""

    __module__ = "tests"

    def perform(self, *words: object, **named: object) -> None:
        """Do nothing."""


def push(
    store: Store, queue: str = "default", *, count: int = 1, priority: int = 0, ago: float = 0.0
) -> list[str]:
    """Push jobs that became ready `ago` seconds ago.

    A negative `ago` lets them become ready later. Returns their ids.
    """
    due = str(round((time.time() - ago) * 1000)) if ago else "+0"
    payloads = [Payload(priority, new_job_id(), "tests.AnyJob", queue) for _ in range(count)]
    for batch in range(0, count, 500):
        jobs = [NewJob(p.id, p.encode(), priority, due) for p in payloads[batch : batch + 500]]
        store.intake.push(queue, jobs)
    store.intake.announce_queues([queue])
    return [payload.id for payload in payloads]


def fetch(store: Store, queue: str = "default", *, count: int = 1) -> list[str]:
    """Take jobs for the one worker of the tests.

    Returns their ids.
    """
    fetched = store.running.fetch(
        queue, WORKER, count, terms=Terms(60), first=_next_number(store, queue)
    )
    return [job_id for job_id, _ in fetched.jobs]


def finish(store: Store, *ids: str, queue: str = "default") -> None:
    """Hand in jobs that the one worker of the tests runs."""
    finished = [(job_id, int(token(store, job_id, queue).rpartition("#")[2])) for job_id in ids]
    store.running.fetch(
        queue, WORKER, 0, terms=Terms(60), first=_next_number(store, queue), finished=finished
    )


def token(store: Store, job_id: str, queue: str = "default") -> str:
    """Return the token under which a job runs."""
    held_by: Any = store.client.hget(store.keys(queue).running, job_id)
    return text_of(held_by).rpartition("|")[0]


def _next_number(store: Store, queue: str) -> int:
    """Return a number that is higher than all taken before.

    Whatever process took them.
    """
    seen: Any = store.client.hget(store.keys(queue).seen, WORKER)
    return int(seen or 0) + MOST_JOBS


def fill(store: Store, queue: str = "default") -> dict[str, str]:
    """Leave one job in each place and one that is finished.

    Returns the ids by place.
    """
    jobs = {}
    for place in ("dead", "retry", "done", "finished", "running"):
        push(store, queue)
        [jobs[place]] = fetch(store, queue)
    tokens = {place: token(store, job_id, queue) for place, job_id in jobs.items()}
    store.running.fail(queue, tokens["dead"], jobs["dead"], b"{}", "dead")
    store.running.fail(queue, tokens["retry"], jobs["retry"], b"{}", "retry", delay_seconds=60)
    store.running.finish(queue, tokens["done"], jobs["done"], b"{}", 60)
    finish(store, jobs["finished"], queue=queue)
    [jobs["scheduled"]] = push(store, queue, ago=-60)
    [jobs["ready"]] = push(store, queue)
    return jobs


def beat(
    store: Store, worker: str = WORKER, *, ttl: float = 60, ago: float = 0, **changes: str | float
) -> None:
    """Show a worker as its heartbeat did so many seconds ago."""
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
    Heartbeats(store).beat(worker, facts | changes, ttl)
    if ago:
        store.client.zincrby(store.shared.workers, -ago, worker)


def put(
    store: Store, name: str, queue: str = "default", *, at: float | None = None, **fields: Any
) -> str:
    """Put a job straight into a set.

    Its time is in epoch seconds, by default now. Returns its id.
    """
    fields = {"job_class": "tests.AnyJob", "priority": 0, "enqueued_at": time.time()} | fields
    payload = Payload(id=fields.pop("id", None) or new_job_id(), queue=queue, **fields)
    keys = store.keys(queue)
    score = round((time.time() if at is None else at) * 1000)
    if name == "ready":
        score += (100 - payload.priority) << TIME_BITS
    store.client.hset(keys.payloads, payload.id, payload.encode())
    store.client.zadd(getattr(keys, name), {payload.id: score})
    store.intake.announce_queues([queue])
    return payload.id


def failure(error_class: str, message: str, at: float = 0.0) -> dict[str, Any]:
    """Return an error as a payload keeps it."""
    return {"class": error_class, "message": message, "at": at, "worker": WORKER}


def announce_schedule(store: Store, name: str = "tests.FullJob", queue: str = "default") -> None:
    """Announce a schedule of every minute, as a supervisor does that just started."""
    desk, now = Schedules(store), int(store.now() * 1000)
    desk.open([Opening(name, queue, 1, "s", "c", now, now + 60_000, 60_000, 0)], {})
    desk.announce(1, [(name, queue, "")])
