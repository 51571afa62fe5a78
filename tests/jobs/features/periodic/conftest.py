"""Fixtures of the tests of periodic jobs."""

import pytest

from tests.jobs.features.periodic.desk import Desk


@pytest.fixture
def d(store):
    """Return a desk."""
    return Desk(store)
