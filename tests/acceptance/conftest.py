"""Fixtures of the acceptance tests.

Each test has a worker of its own. It leaves no process and no broken job behind.
"""

from collections.abc import Callable, Iterator

import pytest

from jobs.store import Store
from tests.acceptance.runner import Runner
from tests.jobs.worker.made_jobs import broken_jobs


@pytest.fixture
def start(tmp_path, redis_url) -> Iterator[Callable[..., Runner]]:
    """Return a function that starts `runjobs` with options.

    Its keywords are environment variables.
    """
    runners: list[Runner] = []

    def start(*options: str, **environment: str) -> Runner:
        runners.append(Runner(tmp_path, environment.pop("url", redis_url), *options, **environment))
        return runners[-1]

    yield start
    for runner in runners:
        runner.kill_all()


@pytest.fixture
def assert_sound(store) -> Callable[..., None]:
    """Return a function that asserts the invariant: every job is in exactly one place."""

    def assert_sound(checked: Store = store, *queues: str) -> None:
        assert broken_jobs(checked, *queues) == []

    return assert_sound
