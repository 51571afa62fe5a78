"""The data of the servers of development, kept apart by product and major version.

    .dev/redis/valkey-8/appendonlydir/…
    .dev/redis/redis-7/appendonlydir/…

No server reads what a newer one or another product has written, and which of them comes
first on the PATH may change any day. So development stays with the server that wrote
the newest data, and where that server is gone the data waits for it. `manage.py
devredis` is the caller. Nothing here ever deletes data.
"""

import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from django.core.management.base import CommandError

from jobs.devredis import Server, Version

#: Where a server keeps its append-only files, below its own directory.
APPEND_ONLY = "appendonlydir"
#: The head of a base file names its writer within so many bytes.
HEAD_BYTES = 256


@dataclass(frozen=True, slots=True)
class Data:
    """A directory with data, and the server that wrote it."""

    directory: Path
    writer: Version

    def last_written(self) -> float:
        """Return when the newest file changed."""
        return max(file.lstat().st_mtime for file in (self.directory / APPEND_ONLY).iterdir())


@dataclass(frozen=True, slots=True)
class Choice:
    """What to run, where its data is, and what the developer should know."""

    server: Server
    directory: Path
    notes: list[str]


def choose(base: Path, servers: Sequence[Server]) -> Choice:
    """Choose the server that can go on with the newest data.

    Where none can, choose the first one.
    """
    notes = list(_sort_in(base))
    for data in sorted(found_in(base), key=Data.last_written, reverse=True):
        able = [server for server in servers if server.version.reads(data.writer)]
        # One of the same major version can go on with the data itself.
        able.sort(key=lambda server: server.version.numbers[0] != data.writer.numbers[0])
        if able:
            return _go_on(base, able[0], data, [*notes, *_passed_over(servers[0], able[0], data)])
        notes.append(
            f"The data in {data.directory} waits: {data.writer} wrote it, "
            "and neither this server nor a newer one of its kind was found."
        )
    return Choice(servers[0], _own_directory(base, servers[0].version), notes)


def found_in(base: Path) -> Iterator[Data]:
    """Yield the data of each server."""
    for directory in sorted(base.glob("*-*")):
        name = re.fullmatch(r"(valkey|redis)-(\d+(?:\.\d+)?)", directory.name)
        if name and has_data(directory):
            named = Version(name[1], _numbers(name[2]))
            writer = writer_of(directory) or named
            # The base file of a copy still names the server of the original.
            yield Data(directory, named if named.is_newer(writer) else writer)


def has_data(directory: Path) -> bool:
    """Tell whether a server has written anything there."""
    return any(directory.glob(f"{APPEND_ONLY}/*"))


def writer_of(directory: Path) -> Version | None:
    """Return the server that wrote the data in a directory, by its base file.

    Return None if the file does not tell. A base file that is no RDB begins with a
    command, and names no server.
    """
    for base_file in sorted(directory.glob(f"{APPEND_ONLY}/*.base.rdb"), reverse=True):
        try:
            with base_file.open("rb") as file:
                head = file.read(HEAD_BYTES)
        except OSError:
            # A link to nowhere, a directory, a file of somebody else: the server will
            # say what it thinks.
            continue
        found = re.search(rb"(valkey|redis)-ver.(\d+(?:\.\d+)*)", head, re.DOTALL)
        if found:
            return Version(found[1].decode(), _numbers(found[2].decode()))
    return None


def try_out(server: Server, directory: Path, settings: Sequence[str]) -> None:
    """Load the data once, where nobody can connect.

    Raise `CommandError` with what the server says if it cannot use it.
    """
    if not has_data(directory):
        return
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+") as output:
        door = str(Path(folder) / "socket")
        command = [str(server.path), *settings, "--port", "0", "--unixsocket", door]
        with subprocess.Popen(command, stdout=output, stderr=output) as trial:  # noqa: S603
            try:
                while trial.poll() is None and not _answers(door):
                    time.sleep(0.02)
            finally:
                trial.terminate()
        if trial.returncode:
            output.seek(0)
            said = "\n".join(line for line in output.read().splitlines()[-3:] if line)
            raise CommandError(
                f"{server.version} cannot use the data in {directory}. Move that directory away "
                f"to begin with an empty one, or choose another with --dir. It said:\n{said}"
            )


def _sort_in(base: Path) -> Iterator[str]:
    """Move data of the former layout to where it belongs now.

    The former layout kept it directly in the base. Yield what to say about it.
    """
    if not has_data(base):
        return
    former = base / APPEND_ONLY
    writer = writer_of(base)
    if writer is None:
        yield f"The data in {former} is not used: it does not tell which server wrote it."
        return
    target = base / _folder(writer)
    if has_data(target):
        yield f"The data in {former} is not used: there is other data in {target}."
        return
    target.mkdir(exist_ok=True)
    former.rename(target / APPEND_ONLY)
    yield f"The data was moved from {base} to {target}: {writer} wrote it."


def _go_on(base: Path, server: Server, data: Data, notes: list[str]) -> Choice:
    if server.version.numbers[0] == data.writer.numbers[0]:
        return Choice(server, data.directory, notes)
    own = base / _folder(server.version)
    if has_data(own):
        note = f"The data in {data.directory} stays there: {own} has data of its own."
        return Choice(server, own, [*notes, note])
    # A copy, because the writer could not read the original any more. It is the newest
    # from now on. Nobody takes it for data before it is whole.
    part = own / f"{APPEND_ONLY}.part"
    source = data.directory / APPEND_ONLY
    shutil.copytree(source, part, copy_function=shutil.copy, dirs_exist_ok=True)
    part.rename(own / APPEND_ONLY)
    note = f"{server.version} goes on with a copy of the data in {data.directory}."
    return Choice(server, own, [*notes, note])


def _own_directory(base: Path, version: Version) -> Path:
    """Return the directory of a server that cannot go on with any data."""
    own = base / _folder(version)
    # A newer minor version has been here. Its data waits, too.
    return base / f"{_folder(version)}.{version.numbers[1]}" if has_data(own) else own


def _passed_over(first: Server, chosen: Server, data: Data) -> Iterator[str]:
    if first != chosen:
        yield (
            f"{first.version} ({first.path}) is passed over: "
            f"{data.writer} wrote the data in {data.directory}."
        )


def _folder(version: Version) -> str:
    return f"{version.product}-{version.numbers[0]}"


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _answers(door: str) -> bool:
    """Tell whether a server has loaded its data.

    Until then it answers that it is loading.
    """
    with closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.settimeout(1)
        try:
            connection.connect(door)
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False
