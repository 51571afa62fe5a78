"""Run a command with both databases on PostgreSQL: `python ci/with_postgres.py pytest -n 2`.

The server is the one of TEST_POSTGRES_URL, else a throw-away cluster from the binaries of this
machine, which is gone when the command ends. `bin/ci postgres` calls it. It never touches a server
that it was not given or did not make.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

#: Speed matters, data does not.
SERVER_SETTINGS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
)
#: initdb refuses to run as root; one of these users exists on every system.
UNPRIVILEGED_USERS = ("postgres", "nobody")
START_SECONDS = 30


def main() -> int:
    """Run the command of the arguments, and return its exit code."""
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        return run_with(given)
    temporary = tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True)
    with temporary as folder, cluster(find_binaries(), Path(folder)) as url:
        return run_with(url)


def run_with(url: str) -> int:
    """Run the command with the databases of the project on a server.

    Each has a database of its own there.
    """
    names = {"DATABASE_URL": "shop", "FAKE_SERVICES_DATABASE_URL": "fake_services"}
    databases = {
        variable: urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        for variable, name in names.items()
    }
    return subprocess.run(sys.argv[1:], env=os.environ | databases, check=False).returncode


def find_binaries() -> Path:
    """Return the folder of initdb and postgres.

    As root, install them if there are none.
    """
    if found := installed_binaries():
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "--quiet"], check=False)
        subprocess.run(["apt-get", "install", "--yes", "--quiet", "postgresql"], check=False)
        if found := installed_binaries():
            return found
    sys.exit(
        "PostgreSQL is missing: install it (apt-get install postgresql) "
        "or set TEST_POSTGRES_URL to a server."
    )


def installed_binaries() -> Path | None:
    """Return the folder that holds both initdb and postgres, the newest version first."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: -float(folder.parent.name)
    )
    on_path = shutil.which("initdb")
    if on_path:
        folders.insert(0, Path(on_path).resolve().parent)
    return next(
        (
            folder
            for folder in folders
            if (folder / "initdb").exists() and (folder / "postgres").exists()
        ),
        None,
    )


@contextmanager
def cluster(binaries: Path, folder: Path) -> Iterator[str]:
    """Run a new cluster in a folder, and yield its URL."""
    user = unprivileged_user(folder)
    data = folder / "data"
    make_data(binaries, data, user)
    port = free_port()
    url = f"postgres://postgres@127.0.0.1:{port}/postgres"
    settings = (
        *SERVER_SETTINGS,
        f"port={port}",
        "listen_addresses=127.0.0.1",
        f"unix_socket_directories={folder}",
    )
    command = [
        str(binaries / "postgres"),
        "-D",
        str(data),
        *(part for setting in settings for part in ("-c", setting)),
    ]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, user=user, cwd=folder, stdout=log, stderr=log)
    try:
        wait_until_ready(url, server, folder / "log")
        yield url
    finally:
        server.send_signal(signal.SIGINT)  # The fast shutdown: it waits for no client.
        server.wait()


def make_data(binaries: Path, data: Path, user: str | None) -> None:
    """Make the data folder of a new cluster, as the server's user."""
    options = [
        "--pgdata",
        str(data),
        "--username",
        "postgres",
        "--auth",
        "trust",
        "--encoding",
        "UTF8",
        "--no-sync",
    ]
    subprocess.run(
        [binaries / "initdb", *options],
        check=True,
        user=user,
        cwd=data.parent,
        stdout=subprocess.DEVNULL,
    )


def unprivileged_user(folder: Path) -> str | None:
    """Give the folder to the user that runs the server.

    Return that user, None for the current one.
    """
    if os.geteuid() != 0:
        return None
    for user in UNPRIVILEGED_USERS:
        try:
            shutil.chown(folder, user)
        except LookupError:
            continue
        return user
    return sys.exit(
        "PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody."
    )


def wait_until_ready(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server accepts connections.

    If it does not, exit with its log.
    """
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    sys.exit(f"PostgreSQL did not start:\n{log.read_text()}")


def free_port() -> int:
    """Return a TCP port that nothing listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
