"""Fixtures of the outbox's tests: a project that has one."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F

from jobs.models import OutboxEntry
from tests.jobs.features.outbox.stage import QUEUE, age_marks, end_jobs


@pytest.fixture(autouse=True)
def kept(settings, transactional_db) -> None:
    settings.JOBS = {**settings.JOBS, "OUTBOX": True, "ENQUEUE_TIMEOUT": 5.0}


@pytest.fixture
def let_pass(store) -> Callable[[float], None]:
    """Return what lets time pass for all rows and marks, in seconds."""

    def let_pass(seconds: float) -> None:
        gone = timedelta(seconds=seconds)
        OutboxEntry.objects.update(created_at=F("created_at") - gone, next_at=F("next_at") - gone)
        for queue in (QUEUE, "other"):
            age_marks(store, queue, seconds)

    return let_pass


@pytest.fixture
def run_all(store) -> Callable[[], list[int]]:
    """Return what runs all jobs, and tells their arguments."""
    return lambda: end_jobs(store)
