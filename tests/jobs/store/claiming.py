"""Pushes unique jobs, and looks who holds their keys."""

from jobs.store import Claim, NewJob
from tests.jobs.store.sample_queue import raw_payload

HOUR = 3_600_000


def claim(key="k", **fields):
    return Claim(key, **fields)


def job(job_id, due="+0", priority=0, **fields):
    return NewJob(job_id, raw_payload(job_id, priority), priority, due, claim(**fields))


def push(q, *jobs):
    """Push jobs, and return the holders of places that were taken."""
    duplicates: dict[str, str] = {}
    q.store.intake.push("q", jobs, duplicates)
    return duplicates


def holders(q):
    return {
        key.decode(): job_id.decode() for key, job_id in q.client.hgetall(q.keys.unique).items()
    }


def faults(q):
    return q.store.sets.mend_keys("q", "unique", list(holders(q))) + (
        q.store.sets.mend_keys("q", "traits", [i.decode() for i in q.client.hkeys(q.keys.traits)])
    )


def end(q, job_id, how):
    """End a job that runs or waits, in one way."""
    if how == "finish":
        q.take("w", 0, finished=[job_id])
    elif how == "result":
        q.store.running.finish("q", q.token(job_id), job_id, b"{}", 60)
    elif how in {"retry", "dead", "discard"}:
        q.store.running.fail(
            "q", q.token(job_id), job_id, raw_payload(job_id), how, delay_seconds=60
        )
    elif how == "release":
        q.release(job_id)
    elif how == "stop":
        q.release(job_id, payload=raw_payload(job_id, interruptions=1))


def debounced(job_id, delay=1000, wait=5000):
    return job(job_id, due=f"+{delay}", until="start", conflict="debounce", max_wait=wait)
