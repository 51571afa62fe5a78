"""System checks that compare database connections with the threads that want one.

A thread that uses the database holds a connection of its own. `jobs.W001` looks at the pools in
`DATABASES` and needs no server. `jobs.W002` asks PostgreSQL, so it is done where a database is to
be asked: by `migrate`, and by `check --database default`.
"""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning
from django.db import DatabaseError, connections

from jobs.capsule import Capsule, parse_capsules
from jobs.conf import get_settings
from jobs.errors import ConfigurationError

#: What a pool of psycopg holds at most where nobody says so.
DEFAULT_POOL = 4


def check_pools(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return a warning for each pool that is smaller than a worker's threads."""
    threads = max(capsule.threads for capsule in _capsules())
    return [
        CheckWarning(
            f"The pool of the database {alias!r} has at most {size} connections, and a worker "
            f"process runs {threads} jobs at a time: jobs will wait for each other, then fail.",
            hint=(
                f"Set max_size in DATABASES[{alias!r}]['OPTIONS']['pool'] to {threads} or more, "
                "or lower JOBS['CONCURRENCY'], or the threads of a capsule."
            ),
            id="jobs.W001",
        )
        for alias in connections
        if (size := _pool_size(alias)) is not None and size < threads
    ]


def check_servers(
    app_configs: Sequence[AppConfig] | None,
    databases: Sequence[str] | None = None,
    **kwargs: Any,
) -> list[CheckMessage]:
    """Return a warning for each server with too few connections for all workers.

    It costs one query for each database on PostgreSQL.
    """
    capsules = _capsules()
    wanted = sum(capsule.threads * capsule.processes for capsule in capsules)
    what = " and ".join(
        f"{capsule.processes} processes with {capsule.threads} threads" for capsule in capsules
    )
    return [
        CheckWarning(
            f"The server of the database {alias!r} has {most} connections, and one runjobs may "
            f"want {wanted}: {what}.",
            hint=(
                "Raise max_connections of the server, put a pooler such as PgBouncer before it, "
                "or lower JOBS['PROCESSES'] and JOBS['CONCURRENCY'], or JOBS['CAPSULES']."
            ),
            id="jobs.W002",
        )
        for alias in databases or ()
        if (most := _max_connections(alias)) is not None and most < wanted
    ]


def _capsules() -> Sequence[Capsule]:
    """Return what the settings say, and one that wants nothing where they are wrong.

    Without capsules all queues are as one. `check_settings` tells what is wrong in the settings.
    """
    try:
        found = get_settings()
    except ConfigurationError:
        return [Capsule((), 0, 0)]
    together = [Capsule(found.queues, found.concurrency, found.processes)]
    return parse_capsules(found.capsules) or together


def _pool_size(alias: str) -> int | None:
    """Return how many connections a pool of psycopg may hold.

    None where there is no pool.
    """
    options = connections[alias].settings_dict.get("OPTIONS") or {}
    pool = options.get("pool")
    if connections[alias].vendor != "postgresql" or not pool:
        return None
    sizes = pool if isinstance(pool, dict) else {}
    return int(sizes.get("max_size") or sizes.get("min_size", DEFAULT_POOL))


def _max_connections(alias: str) -> int | None:
    """Return how many connections a server takes, None where it does not say."""
    if connections[alias].vendor != "postgresql":
        return None
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SHOW max_connections")
            return int(cursor.fetchone()[0])
    except DatabaseError:
        return None  # Django's own checks say that it is away
