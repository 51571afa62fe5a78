"""Fixtures of the tests of encryption."""

from collections.abc import Callable

import pytest

from jobs.conf import JobsSettings
from jobs.worker.process import WorkerProcess
from tests.jobs.features.encryption.encrypted_jobs import seen
from tests.jobs.worker.small_worker import make_worker


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    seen.clear()


@pytest.fixture
def keys(settings) -> Callable[..., None]:
    """Return what sets the secret key, and those that are still read with."""

    def set_keys(key: str, *fallbacks: str) -> None:
        settings.SECRET_KEY = key
        settings.SECRET_KEY_FALLBACKS = list(fallbacks)

    return set_keys


@pytest.fixture
def worker(redis_url) -> WorkerProcess:
    return make_worker(JobsSettings(redis_url=redis_url, concurrency=1, timeout=1.0))
