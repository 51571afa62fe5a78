"""Jobs of the outbox's tests, and what is in Redis of them."""

from django.db import transaction

from jobs import Job, Unique
from jobs.payload import decode
from jobs.store import Store
from tests.jobs.enqueued import arguments
from tests.jobs.worker.made_jobs import client_of

QUEUE = "kept"


class KeptJob(Job):
    queue = QUEUE

    def perform(self, number: int) -> None:
        """Do nothing."""


class OtherJob(Job):
    queue = "other"

    def perform(self, number: int) -> None:
        """Do nothing."""


class OneJob(KeptJob):
    unique = Unique(by=("number",))


class NewestJob(KeptJob):
    unique = Unique(by=(), on_conflict="replace")


class LooseJob(KeptJob):
    outbox = False


class AlwaysJob(KeptJob):
    outbox = True


class Rollback(Exception):
    """Ends a transaction."""


def enqueue(*numbers: int, job_class: type[Job] = KeptJob) -> list[str]:
    """Enqueue jobs in one transaction, and return their ids."""
    with transaction.atomic():
        return [job_class.enqueue(number).id for number in numbers]


def fail_to_push(*numbers: int, job_class: type[Job] = KeptJob) -> None:
    """Enqueue jobs in one transaction, whose process dies with its commit."""
    with transaction.atomic():
        for number in numbers:
            job_class.enqueue(number)
        transaction.get_connection().run_on_commit.clear()


def in_redis(store: Store, queue: str = QUEUE) -> list[int]:
    """Return the arguments of the jobs that wait."""
    return [args[0] for args in arguments(store, queue)]


def marks(store: Store, queue: str = QUEUE) -> dict[str, float]:
    """Return the marks of a queue with their scores."""
    found: list = client_of(store).zrange(store.keys(queue).marks, 0, -1, withscores=True)
    return {name.decode(): score for name, score in found}


def age_marks(store: Store, queue: str, seconds: float) -> None:
    """Let time pass for marks that have no end."""
    key, client = store.keys(queue).marks, client_of(store)
    if client.type(key) == b"zset":
        older = {name: score - seconds * 1000 for name, score in marks(store, queue).items()}
        if still_open := {name: score for name, score in older.items() if score > 0}:
            client.zadd(key, still_open, xx=True)


def end_jobs(store: Store, queue: str = QUEUE) -> list[int]:
    """Let all jobs of a queue run and be gone, and return their arguments."""
    keys, client = store.keys(queue), client_of(store)
    ran = [decode(raw).args[0] for raw in client.hvals(keys.payloads)]
    client.delete(keys.payloads, keys.ready, keys.scheduled, keys.traits, keys.unique)
    for receipt in client.scan_iter(f"{{jobs:{queue}}}:pushed:*"):
        client.delete(receipt)
    return sorted(ran)
