"""What the tests of the write side share."""

import pytest

from jobs.inspect.reader import get_reader
from jobs.store.reader import Reader


@pytest.fixture
def reader() -> Reader:
    """Return the reader that the write side uses too."""
    return get_reader()
