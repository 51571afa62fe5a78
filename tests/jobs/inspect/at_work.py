"""Puts jobs that run into Redis, and what their classes usually take."""

from jobs.store.metrics import Measure, MetricStore
from tests.jobs.inspect.filling import WORKER, beat, put


def run(store, *jobs, worker=WORKER, **facts):
    """Let a worker run jobs, given as (class, seconds ago, queue, fields).

    Returns their ids.
    """
    now, ids, lines = store.now(), [], []
    for job_class, seconds, queue, fields in jobs:
        job_id = put(store, "ready", queue, job_class=job_class, **fields)
        store.client.zrem(store.keys(queue).ready, job_id)
        store.client.hset(store.keys(queue).running, job_id, f"{worker}#1|5")
        lines.append(f"{job_id} {queue} {now - seconds:.3f} class={job_class}")
        ids.append(job_id)
    facts = {"busy": len(ids), "queues": "mine,other"} | facts
    beat(store, worker, running="\n".join(lines), **facts)
    return ids


def measure(store, job_class, seconds, *, ago=0.0):
    measured = Measure()
    measured.add_many(seconds, failures=0)
    MetricStore(store).add([(f"job:{job_class}", store.now() - ago, measured)])
