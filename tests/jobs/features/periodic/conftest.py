"""Fixtures of the tests of periodic jobs."""

import pytest

from jobs.events import ScheduleFired, ScheduleReset, ScheduleSkipped, subscribe, unsubscribe
from tests.jobs.features.periodic.desk import Desk
from tests.jobs.features.periodic.stage import Stage


@pytest.fixture
def d(store):
    """Return a desk."""
    return Desk(store)


@pytest.fixture
def stage(store, redis_url):
    stage = Stage(store, redis_url)
    hear = stage.events.append
    subscribe(ScheduleFired, ScheduleSkipped, ScheduleReset, at_once=True)(hear)
    yield stage
    unsubscribe(hear)
