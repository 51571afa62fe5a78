"""Serves the example with a theme of the admin, as another process."""

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import free_port
from tests.databases import database_environment
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def serve_with_theme(theme: str, folder: Path) -> Iterator[str]:
    """Serve the databases and the Redis of the tests, and return the address.

    The log of the server stands in the folder.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        **database_environment(),
        "ADMIN_THEME": theme,
        "DJANGO_SETTINGS_MODULE": "tests.browser.theme_settings",
    }
    command = ["manage.py", "runserver", "--noreload", "--skip-checks", str(port)]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        wait_until(lambda: _answers(url), timeout=60)
        yield url
    finally:
        server.terminate()
        server.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/admin/login/", timeout=30) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
