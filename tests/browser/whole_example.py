"""The whole example, served for somebody who looks at it.

It has a Valkey and databases of its own, in a folder that goes with it. It is what a pytest
fixture cannot be: a server for tools, which starts before Django has read its settings.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import django
from django.core.management import call_command
from playwright.sync_api import Browser, Playwright

from tests.conftest import free_port, start_server
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
#: Longest that the server of the pages may take to start, in seconds.
PATIENCE = 60
#: As careful as the server of development, so that the control room has no complaint.
REDIS_OPTIONS = (
    *("--maxmemory", "1gb"),
    *("--maxmemory-policy", "noeviction"),
    *("--appendonly", "yes"),
)


@dataclass(frozen=True)
class WholeExample:
    """The address of the pages, and the server of the jobs behind them."""

    url: str
    redis_server: subprocess.Popen[bytes]
    #: The module `scenery`, which needs Django to be set up.
    scenery: Any

    def fill(self) -> dict[str, str]:
        """Put something onto every page, and return the ids of jobs and orders."""
        places: dict[str, str] = self.scenery.fill(self._work)
        return places

    def spoil(self) -> None:
        """Put a key of a wrong type in the place of a set."""
        self.scenery.spoil()

    def log_in(self) -> str:
        """Log somebody in who may do everything, and return the key of the session."""
        return str(self.scenery.log_in())

    def stop_redis(self) -> None:
        """Take the Redis away."""
        self.redis_server.terminate()
        self.redis_server.wait()

    def _work(self) -> None:
        """Run a real worker until there is nothing left to do."""
        command = [sys.executable, "manage.py", "runjobs", "--burst"]
        subprocess.run(command, cwd=ROOT, check=True, stderr=subprocess.DEVNULL)


def start_chromium(browsers: Playwright) -> Browser:
    """Start the Chromium of the tests, which `bin/` knows how to find."""
    sys.path.append(str(ROOT / "bin"))
    browser: Browser = import_module("chromium").launch(browsers)
    return browser


@contextmanager
def whole_example() -> Iterator[WholeExample]:
    """Serve the example with nothing but its sample data."""
    with tempfile.TemporaryDirectory(prefix="makeitso-example-") as name:
        folder, port = Path(name), free_port()
        redis_port = free_port()
        redis_server = start_server(redis_port, folder, *REDIS_OPTIONS)
        os.environ |= _environment(folder, redis_port, f"http://127.0.0.1:{port}")
        try:
            _prepare()
            with _pages(port) as url:
                yield WholeExample(url, redis_server, import_module("tests.browser.scenery"))
        finally:
            redis_server.terminate()
            redis_server.wait()


def _environment(folder: Path, redis_port: int, url: str) -> dict[str, str]:
    """Return what leads this process and those that it starts to the same servers."""
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
        "DEBUG": "true",
        "JOBS_REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
        "DATABASE_URL": f"sqlite:///{folder}/shop.sqlite3",
        "FAKE_SERVICES_DATABASE_URL": f"sqlite:///{folder}/fake_services.sqlite3",
        "FAKE_SERVICES_URL": f"{url}/fake",
        "LOG_LEVEL": "ERROR",
    }


def _prepare() -> None:
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("migrate", database="fake_services", verbosity=0)
    call_command("load_sample_data", stdout=StringIO())


@contextmanager
def _pages(port: int) -> Iterator[str]:
    command = [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
    server = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _answers(f"{url}/admin/login/"), PATIENCE, "no page was served")
        yield url
    finally:
        server.terminate()
        server.wait()


def _answers(url: str) -> bool:
    try:
        with urlopen(url):
            return True
    except URLError:
        return False
