"""What the tests of the read side share."""

import pytest

from jobs.store import Store
from jobs.store.reader import Reader


@pytest.fixture
def reader(store: Store) -> Reader:
    """Return a reader of the tests' server."""
    return Reader(store)
