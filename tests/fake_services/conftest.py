"""Fixtures for the tests of the fake services.

A caller that speaks JSON, recorded naps, a database for threads.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from django.core.management import call_command
from django.db import connections
from django.db.backends.sqlite3.base import DatabaseWrapper as SQLite

from fake_services.router import ALIAS
from tests.fake_services.caller import Answer, AtOnce, Caller


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Let our database be made alone.

    Django would make the default one first, which these tests never open.
    """
    connections[ALIAS].settings_dict["TEST"]["DEPENDENCIES"] = []


@pytest.fixture
def call() -> Caller:
    return Caller()


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the seconds that the gate would have slept."""
    seconds: list[float] = []
    monkeypatch.setattr("fake_services.endpoint.sleep", seconds.append)
    return seconds


@pytest.fixture
def database_for_threads(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[None]:
    """Replace a SQLite in memory by one in a file.

    The locks of the first do not wait. Other databases are left alone.
    """
    in_memory = connections[ALIAS]
    if not (isinstance(in_memory, SQLite) and in_memory.is_in_memory_db()):
        yield
        return
    in_file = {**connections.settings[ALIAS], "NAME": str(tmp_path / "fake_services.sqlite3")}
    monkeypatch.setitem(connections.settings, ALIAS, in_file)
    del connections[ALIAS]
    call_command("migrate", database=ALIAS, verbosity=0)
    yield
    connections[ALIAS].close()
    connections[ALIAS] = in_memory


@pytest.fixture
def at_once(database_for_threads: None) -> AtOnce:
    """Return a function that makes one call from many threads at the same moment."""

    def run(count: int, make_call: Callable[[], Answer]) -> list[Answer]:
        barrier = Barrier(count)

        def call_when_all_are_ready() -> Answer:
            barrier.wait(timeout=10)
            try:
                return make_call()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(count) as threads:
            answers = [threads.submit(call_when_all_are_ready) for _ in range(count)]
            return [answer.result(timeout=30) for answer in answers]

    return run
