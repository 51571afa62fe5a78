"""What an enqueue has really left in Redis, and how often it asked."""

import redis

from jobs.payload import Payload, decode
from jobs.store import Store


def payloads(store: Store, queue: str = "default") -> list[Payload]:
    """Return the payloads of a queue, the first to run first."""
    keys = store.keys(queue)
    ids = store.client.zrange(keys.ready, 0, -1) + store.client.zrange(keys.scheduled, 0, -1)
    return [decode(store.client.hget(keys.payloads, job_id)) for job_id in ids]


def arguments(store: Store, queue: str = "default") -> list[list[object]]:
    """Return the positional arguments of the jobs of a queue."""
    return [payload.args for payload in payloads(store, queue)]


def pushes(client: redis.Redis) -> int:
    """Return how many calls of a script Redis got since its statistics were reset."""
    stats = client.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("eval", "evalsha"))


def reads(client: redis.Redis) -> int:
    """Return how often Redis has read from a socket.

    This time is included. A pipeline of small commands is one read.
    """
    return client.info("stats")["total_reads_processed"]
