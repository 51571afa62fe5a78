"""What the benchmarks of the control room share.

That is a site of its own, its visitors, and many jobs. Used by `control_room` and `search_attack`.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.throughput import valkey

#: Jobs that are written in one round trip.
PORTION = 5_000

#: A queue, a set, the score there, and the payload of a job.
Placed = tuple[str, str, int, Any]


@contextlib.contextmanager
def site(purpose: str) -> Iterator[None]:
    """Set the example up with an empty database and a Valkey of its own."""
    with tempfile.TemporaryDirectory(prefix=f"makeitso-{purpose}-") as name, valkey(Path(name)):
        os.environ["DATABASE_URL"] = f"sqlite:///{name}/db.sqlite3"
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        yield


def visitor(user: Any) -> Any:
    """Return a test client that is logged in as this user."""
    from django.test import Client

    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    return client


def write(client: Any, store: Any, jobs: Iterable[Placed]) -> None:
    """Put jobs into their sets, and list their queues, through a client of Redis."""
    queues: set[str] = set()
    remaining = iter(jobs)
    while batch := list(islice(remaining, PORTION)):
        with client.pipeline(transaction=False) as pipe:
            for queue, name, score, payload in batch:
                keys = store.keys(queue)
                pipe.hset(keys.payloads, payload.id, payload.encode())
                pipe.zadd(getattr(keys, name), {payload.id: score})
                queues.add(queue)
            pipe.execute()
    store.intake.announce_queues(sorted(queues))
