"""On which side the tests of the contract look at it."""

from collections.abc import Iterator

import pytest

from jobs.testing import mode
from tests.jobs.testing.sides import Fake, Real, Side


@pytest.fixture(params=["fake", "real"])
def side(request, store, redis_url) -> Iterator[Side]:
    """Collect jobs, or push them to Redis."""
    with mode(request.param):
        yield Fake() if request.param == "fake" else Real(store, redis_url)
