"""Fixtures of the outbox's tests: a project that has one."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F

from jobs.models import OutboxEntry
from tests.jobs.features.outbox.stage import end_jobs


@pytest.fixture(autouse=True)
def kept(settings, transactional_db) -> None:
    settings.JOBS = {**settings.JOBS, "OUTBOX": True, "ENQUEUE_TIMEOUT": 5.0}


@pytest.fixture
def let_pass() -> Callable[[float], None]:
    """Return what lets time pass for all rows, in seconds."""

    def let_pass(seconds: float) -> None:
        gone = timedelta(seconds=seconds)
        OutboxEntry.objects.update(created_at=F("created_at") - gone, next_at=F("next_at") - gone)

    return let_pass


@pytest.fixture
def run_all(store) -> Callable[[], list[int]]:
    """Return what runs all jobs, and tells their arguments."""
    return lambda: end_jobs(store)
