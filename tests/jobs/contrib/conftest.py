"""Fixtures of the tests of tasks: a worker, and a gate that is shut."""

import pytest

from tests.jobs.contrib import some_tasks
from tests.jobs.worker.conftest import worker_settings
from tests.jobs.worker.small_worker import make_worker, running

__all__ = ["worker_settings"]


@pytest.fixture(autouse=True)
def closed_gate():
    some_tasks.gate.clear()
    yield
    some_tasks.gate.set()


@pytest.fixture(autouse=True)
def any_queue(settings):
    """Let tasks be in any queue."""
    backend = "jobs.contrib.django_tasks.JobsBackend"
    settings.TASKS = {"default": {"BACKEND": backend, "QUEUES": []}}


@pytest.fixture
def worker(worker_settings):
    with running(make_worker(worker_settings)) as worker:
        yield worker
