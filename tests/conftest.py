"""What all tests share: a Valkey of their own, emptied for each test, and databases in files that processes can share.

Every process of pytest-xdist starts a server for itself. The server is only ever the one started here, so flushing it
can hurt nobody.
"""

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.core.signals import setting_changed
from django.db import connections

from jobs.devredis import find_server
from jobs.store import Store
from jobs.testing import mode
from tests.waiting import wait_until

#: The folders whose tests push jobs to Redis; all others collect them.
REAL_FOLDERS = frozenset({"jobs", "acceptance", "browser"})
_SERVER = pytest.StashKey[subprocess.Popen[bytes]]()
_FOLDER = pytest.StashKey[tempfile.TemporaryDirectory[str]]()


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(port: int, folder: Path, *options: str) -> subprocess.Popen[bytes]:
    """Start a Valkey or Redis and wait until it answers."""
    command = [find_server(), "--port", str(port), "--dir", folder, "--bind", "127.0.0.1", "--save", "", *options]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wait_until(lambda: _answers(port), timeout=10)
    return server


def _answers(port: int) -> bool:
    with redis.Redis(port=port, socket_timeout=1) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False


def pytest_configure(config: pytest.Config) -> None:
    """Start the server before any test module is imported; xdist's controller runs no tests and needs none."""
    if not hasattr(config, "workerinput") and config.getoption("numprocesses", None):
        return
    folder = tempfile.TemporaryDirectory(prefix="makeitso-tests-")
    port = free_port()
    config.stash[_SERVER] = start_server(port, Path(folder.name), "--maxmemory-policy", "noeviction")
    config.stash[_FOLDER] = folder
    os.environ["JOBS_REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
    os.environ.pop("JOBS_REDIS_PROVIDER", None)
    # Defining the shop's jobs has read the settings already, with the Redis of development in them.
    setting_changed.send(sender=None, setting="JOBS", value=settings.JOBS, enter=True)
    for alias, database in settings.DATABASES.items():
        if database["ENGINE"] == "django.db.backends.sqlite3":
            connections[alias].settings_dict["TEST"]["NAME"] = str(Path(folder.name) / f"{alias}.sqlite3")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server."""
    if server := config.stash.get(_SERVER, None):
        server.terminate()
        server.wait()
        config.stash[_FOLDER].cleanup()


@pytest.fixture(autouse=True)
def real_jobs(request: pytest.FixtureRequest, _jobs_mode: None) -> Iterator[None]:
    """Push jobs for real in the tests of the library itself, and where a worker or a browser takes part."""
    folder = request.path.relative_to(Path(__file__).parent).parts[0]
    with mode("real") if folder in REAL_FOLDERS else nullcontext():
        yield


@pytest.fixture
def redis_url() -> str:
    """Return the URL of the tests' server."""
    return os.environ["JOBS_REDIS_URL"]


@pytest.fixture(autouse=True)
def empty_redis() -> None:
    """Give each test an empty server."""
    with redis.Redis.from_url(os.environ["JOBS_REDIS_URL"]) as client:
        client.flushall()


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    """Return a store on the tests' server, in the namespace of the settings."""
    store = Store(redis_url, timeout=5.0)
    yield store
    store.close()
