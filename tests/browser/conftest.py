"""Fixtures of the browser tests.

Chromium, the shop on a server of its own, and a real worker. Web, worker and services are
processes and threads apart, so they share the test databases and the Redis by URL.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chromium import launch
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.databases import database_environment
from tests.orders.service_urls import service_urls

ROOT = Path(__file__).resolve().parents[2]
#: For one whole burst of jobs, in seconds; a worker that hangs should fail the test, not the day.
WORKER_TIMEOUT = 60
# As patient as `wait_until`, for the same reason.
expect.set_options(timeout=15_000)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start Chromium.

    Once for each module, not for all: while it runs, this thread has an event loop, and no other
    can be started in it.
    """
    with sync_playwright() as browsers, pytest.MonkeyPatch.context() as environment:
        # Playwright's event loop runs in this thread.
        # Django would take the tests for coroutines.
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = launch(browsers)
        yield browser
        browser.close()


@pytest.fixture
def shop(live_server, settings) -> str:
    """Serve the shop and its services.

    Returns the address.
    """
    for name, url in service_urls(live_server.url).items():
        setattr(settings, name, url)
    return live_server.url


@pytest.fixture
def page(chromium: Browser, shop: str) -> Iterator[Page]:
    """Open an empty page whose addresses start at the shop.

    The test fails when a script of ours breaks.
    """
    errors: list[str] = []
    with chromium.new_context(base_url=shop) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
    assert errors == []


@pytest.fixture
def run_jobs(shop: str) -> Callable[[], None]:
    """Return a function that runs a real worker.

    The worker runs until there is nothing left to do.
    """
    environment = {**os.environ, **database_environment(), **service_urls(shop)}

    def run() -> None:
        subprocess.run(
            [sys.executable, "manage.py", "runjobs", "--burst"],
            cwd=ROOT,
            env=environment,
            check=True,
            timeout=WORKER_TIMEOUT,
        )

    return run
