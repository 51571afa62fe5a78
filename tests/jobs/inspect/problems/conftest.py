"""What the tests of the rules share: a Redis without faults of its own."""

from collections.abc import Callable

import pytest

from jobs import inspect
from jobs.problem import Problem
from jobs.store import Store
from jobs.store.reader import Reader

#: What a good server tells of itself.
SAFE = {
    "redis_version": "7.4.0",
    "used_memory": 10,
    "maxmemory": 1_000,
    "maxmemory_policy": "noeviction",
    "aof_enabled": 1,
    "aof_last_write_status": "ok",
}


@pytest.fixture
def server(monkeypatch) -> dict[str, object]:
    """Return what the server tells of itself, to be changed."""
    told: dict[str, object] = dict(SAFE)
    monkeypatch.setattr(Reader, "info", lambda reader: told)
    return told


@pytest.fixture
def judge(store: Store, server) -> Callable[..., dict[str, Problem]]:
    """Return a function that returns the problems by their names."""

    def judge(**limits) -> dict[str, Problem]:
        return {problem.name: problem for problem in inspect.problems(Reader(store), **limits)}

    return judge
