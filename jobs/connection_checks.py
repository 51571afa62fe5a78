"""System checks that compare database connections with the threads that want one.

A thread that uses the database holds a connection of its own, and so does the one thread that all
coroutines of a process share. `jobs.W001` looks at the pools in `DATABASES` and needs no server.
`jobs.W002` asks PostgreSQL, so it is done where a database is to be asked: by `migrate`, and by
`check --database default`. It knows of one `runjobs`; the doctor counts all workers that there are.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning
from django.db import Error, connections

from jobs.capsule import Capsule, parse_capsules
from jobs.conf import get_settings
from jobs.errors import ConfigurationError
from jobs.registry import registry

#: What a pool of psycopg holds at most where nobody says so.
DEFAULT_POOL = 4
#: What PostgreSQL grants this user in this database. A limit of -1 is none, and `least` passes over
#: NULL. Some connections are kept back for those who administer the server.
_GRANTED = """
SELECT least(
    current_setting('max_connections')::int - (
        SELECT sum(setting::int) FROM pg_settings
        WHERE name IN ('superuser_reserved_connections', 'reserved_connections')
    ),
    (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = session_user),
    (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database())
)
"""


def check_pools(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return a warning for each pool that is too small for a worker process."""
    wanted = max(map(_wanted_by_process, _capsules()))
    return [
        CheckWarning(
            f"The pool of the database {alias!r} has at most {size} connections, and a worker "
            f"process may want {wanted}: jobs will wait for each other, then fail.",
            hint=(
                f"Set max_size in DATABASES[{alias!r}]['OPTIONS']['pool'] to {wanted} or more, "
                "or lower JOBS['CONCURRENCY'], or the threads of a capsule."
            ),
            id="jobs.W001",
        )
        for alias in connections
        if (size := _pool_size(alias)) is not None and size < wanted
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
    wanted = sum(_wanted_by_process(capsule) * capsule.processes for capsule in capsules)
    what = " and ".join(
        f"{capsule.processes} processes with {capsule.threads} threads" for capsule in capsules
    )
    return [
        CheckWarning(
            f"The server of the database {alias!r} grants {most} connections, and one runjobs may "
            f"want {wanted}: {what}.",
            hint=(
                "Raise max_connections of the server, or the limit of the role or the database. Or "
                "lower JOBS['PROCESSES'] and JOBS['CONCURRENCY'], or JOBS['CAPSULES']. Where a "
                "pooler such as PgBouncer stands before it, add jobs.W002 to "
                "SILENCED_SYSTEM_CHECKS."
            ),
            id="jobs.W002",
        )
        for alias in databases or ()
        if (most := _granted(alias)) is not None and most < wanted
    ]


def warnings_of_workers(threads: Sequence[int]) -> Iterator[str]:
    """Yield a sentence for each server with too few connections for all workers.

    Those that run are given by their threads, one number for each process.
    """
    wanted = sum(each + _has_coroutines() for each in threads)
    for alias in connections if threads else ():
        most = _granted(alias)
        if most is not None and most < wanted:
            yield (
                f"The server of the database {alias!r} grants {most} connections, and the "
                f"{len(threads)} worker processes that run may want {wanted}: docs/databases.md."
            )


def _wanted_by_process(capsule: Capsule) -> int:
    # The settings are wrong where there are no threads.
    return capsule.threads + _has_coroutines() if capsule.threads else 0


def _has_coroutines() -> bool:
    """Return whether a job class is a coroutine.

    The thread that all coroutines share wants a connection too.
    """
    return any(registry.find(name).is_async for name in registry.names())


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


def _granted(alias: str) -> int | None:
    """Return how many connections a server grants us, None where it does not say."""
    if connections[alias].vendor != "postgresql":
        return None
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute(_GRANTED)
            return int(cursor.fetchone()[0])
    except Error:
        return None  # Django's own checks say that it is away
