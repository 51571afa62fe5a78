"""Fixtures of the worker's tests: settings with short times."""

from collections.abc import Iterator

import pytest
from django.db import connections

from jobs import databases
from jobs.conf import JobsSettings
from tests.jobs.worker import gate


@pytest.fixture(autouse=True)
def closed_gate() -> Iterator[None]:
    """Close the gate of `gate.py`, and let nothing wait at it afterwards."""
    gate.begun.clear()
    gate.gate.clear()
    yield
    gate.gate.set()


@pytest.fixture
def worker_settings(redis_url) -> JobsSettings:
    """Return settings of a worker that beats often and is missed soon."""
    return JobsSettings(
        redis_url=redis_url,
        concurrency=2,
        async_concurrency=2,
        heartbeat=0.3,
        lease=0.9,
        max_retries=25,
        timeout=1.0,
    )


@pytest.fixture
def configure(monkeypatch):
    """Return a function that changes the settings of the database for new connections."""

    def change(**values):
        connections.close_all()
        for name, value in values.items():
            monkeypatch.setitem(connections.settings["default"], name, value)

    change(CONN_MAX_AGE=0, CONN_HEALTH_CHECKS=False)
    yield change
    databases.close_all()
    monkeypatch.undo()
