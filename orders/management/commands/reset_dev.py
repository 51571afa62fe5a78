"""`manage.py reset_dev`: clear all state of development.

`bin/reset` runs it, and sees to it that a Redis is there. It reaches the fake services through
their database alone, and deletes nothing in Redis but the keys of the jobs. It must never run where
the data matters: it refuses unless DEBUG is on and everything it clears is on this machine.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from jobs.conf import get_settings

LOCAL_HOSTS = {"", "localhost", "127.0.0.1", "::1"}


class Command(BaseCommand):
    """Clear jobs and databases, then load the sample data again."""

    help = (
        "Clears all jobs, both databases and the behavior of the fake services, "
        "then loads the sample data again."
    )

    def handle(self, *args: object, **options: object) -> None:
        """Refuse outside development. Clear one thing after the other and say so."""
        reasons = list(reasons_to_refuse())
        if reasons:
            raise CommandError(f"Nothing was reset: {' '.join(reasons)}")
        self._clear_jobs()
        for alias in connections:
            call_command("migrate", database=alias, interactive=False, verbosity=0)
            call_command("flush", database=alias, interactive=False, verbosity=0)
            self.stdout.write(f"Cleared the database {alias!r}.")
        call_command("load_sample_data", stdout=self.stdout)

    def _clear_jobs(self) -> None:
        jobs = get_settings()
        try:
            with redis.Redis.from_url(jobs.redis_url, socket_connect_timeout=2) as client:
                deleted = sum(client.unlink(key) for key in keys_of_jobs(client, jobs.namespace))
        except redis.RedisError as error:
            raise CommandError(
                f"Nothing was reset: no Redis answers at {jobs.redis_url} ({error})."
            ) from error
        self.stdout.write(f"Deleted {deleted} keys of the jobs in {jobs.redis_url}.")


def keys_of_jobs(client: redis.Redis, namespace: str) -> Iterator[bytes]:
    """Yield the keys of the namespace.

    Those of a queue share a hash tag, and the others have none.
    """
    for pattern in (f"{namespace}:*", f"{{{namespace}:*"):
        yield from client.scan_iter(match=pattern, count=1000)


def reasons_to_refuse() -> Iterator[str]:
    """Yield everything that says that this is not development."""
    if not settings.DEBUG:
        yield "DEBUG is off."
    place = urlsplit(get_settings().redis_url)
    if place.scheme != "unix" and (place.hostname or "") not in LOCAL_HOSTS:
        yield f"The Redis is on another machine, {place.hostname}."
    for alias in connections:
        host = str(connections[alias].settings_dict.get("HOST") or "")
        if host not in LOCAL_HOSTS and not host.startswith("/"):
            yield f"The database {alias!r} is on another machine, {host}."
