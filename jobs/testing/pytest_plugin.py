"""The pytest plugin, found by its entry point wherever django-makeitso is installed.

Every test starts in fake mode with nothing collected. `@pytest.mark.jobs("inline")` or `("real")`
chooses another mode for a test, a class or a module. The ini option `jobs_mode` chooses it for all,
and for the fixtures that outlive a test.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import ModuleType
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini option."""
    parser.addini(
        "jobs_mode",
        "How jobs are treated in tests: fake (collected), inline or real.",
        default="fake",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers", "jobs(mode): treat jobs as fake, inline or real in this test."
    )


@pytest.fixture(scope="session", autouse=True)
def _jobs_mode_of_all(request: pytest.FixtureRequest) -> Iterator[None]:
    """Enter the mode of the project, for fixtures that outlive a test."""
    with _mode(request.config.getini("jobs_mode")):
        yield


@pytest.fixture(autouse=True)
def _jobs_mode(request: pytest.FixtureRequest) -> Iterator[None]:
    """Enter the mode of the test."""
    marker = request.node.get_closest_marker("jobs")
    with _mode(marker.args[0] if marker else request.config.getini("jobs_mode")):
        yield


@contextmanager
def _mode(name: Any) -> Iterator[None]:
    """Enter a mode. It does nothing in a project without Django settings."""
    # Here, since pytest loads plugins before Django is set up.
    from django.conf import settings  # noqa: PLC0415

    if not settings.configured:
        yield
        return
    from jobs.testing import mode  # noqa: PLC0415  # needs Django's apps

    with mode(name):
        yield


@pytest.fixture
def jobs_testing() -> ModuleType:
    """Return the module `jobs.testing`.

    It has `drain`, `clear`, `enqueued_jobs`, `assert_enqueued` and the rest.
    """
    from jobs import testing  # noqa: PLC0415  # needs Django's apps

    return testing


@pytest.fixture
def capture_jobs() -> Callable[..., AbstractContextManager[list[Any]]]:
    """Return `jobs.testing.capture_jobs`, as `django_capture_on_commit_callbacks` is one."""
    from jobs.testing import capture_jobs  # noqa: PLC0415  # needs Django's apps

    return capture_jobs
