"""The example in production, for tests: gunicorn, and nobody who is logged in."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from django.urls import URLPattern, URLResolver

from tests.conftest import free_port
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
KEY = "d2Fm-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ"
#: What a developer or CI may have set, and what production does not inherit from it.
OTHERS = ("DEMO_PAGES", "HTTPS", "HSTS_SECONDS", "TRUST_FORWARDED_PROTO", "ALLOWED_HOSTS")


def environment(**variables: str) -> dict[str, str]:
    """Return the environment of a process in production."""
    kept = {name: value for name, value in os.environ.items() if name not in OTHERS}
    return {**kept, "DEBUG": "false", "SECRET_KEY": KEY, **variables}


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python in production, and return how it ended and what it said."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment(**variables),
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


@contextmanager
def served(**variables: str) -> Iterator[str]:
    """Serve the example by gunicorn, and yield its address."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", f"--bind=127.0.0.1:{port}"]
    options = ["--threads=4", "--log-level=error"]
    server = subprocess.Popen([*command, *options], cwd=ROOT, env=environment(**variables))
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(address), timeout=20)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)


def answers(address: str) -> bool:
    """Return whether a server answers, be it with a redirect."""
    try:
        requests.get(f"{address}/admin/login/", timeout=2, allow_redirects=False)
    except requests.RequestException:
        return False
    return True


def addresses(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[str]:
    """Yield an address for every pattern, with something that fits in each place."""
    for pattern in patterns:
        route = before + filled_in(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        else:
            yield route


def filled_in(route: str) -> str:
    """Return a route with an example in place of each of its parts."""
    regular = route.removeprefix("^").removesuffix("$")
    examples = {"int": "1", "slug": "payments", "str": "default", "path": "1"}
    route = re.sub(r"<(\w+):\w+>", lambda part: examples.get(part[1], "default"), regular)
    route = re.sub(r"<\w+>", "default", route)
    return re.sub(r"\(\?P<\w+>[^)]*\)", "auth", route).replace("\\", "").removesuffix("$")
