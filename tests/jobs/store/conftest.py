"""Fixtures of the store's tests.

They make a queue, and servers of other kinds than the one that all tests share.
"""

import pytest

from jobs.store import Store
from tests.jobs.store.sample_queue import SampleQueue


@pytest.fixture
def q(store: Store) -> SampleQueue:
    """Return an empty queue."""
    return SampleQueue(store)
