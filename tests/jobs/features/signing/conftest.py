"""Fixtures of the tests of signing."""

from collections.abc import Callable

import pytest

from jobs.conf import JobsSettings


@pytest.fixture
def signing(settings) -> Callable[..., None]:
    """Return what sets how payloads are signed, and with which keys."""

    def sign(mode: str = "require", key: str = "new", fallbacks: tuple[str, ...] = ()) -> None:
        settings.SECRET_KEY = key
        settings.SECRET_KEY_FALLBACKS = list(fallbacks)
        settings.JOBS = {**settings.JOBS, "SIGN": mode}

    return sign


@pytest.fixture
def worker_settings(redis_url) -> JobsSettings:
    """Return settings of a small worker."""
    return JobsSettings(redis_url=redis_url, concurrency=1, timeout=1.0)
