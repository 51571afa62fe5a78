"""Reads what a server did, from the file that it appends each change to.

A script that changes anything stands there as one unit, with all that it wrote. So whoever goes
through the units sees every state that there ever was, and none in between. The server must have
been started with `--appendonly yes` and have ended, and must never have rewritten the file:
`KEEPS_HISTORY` are the options for that.
"""

from collections.abc import Iterator
from pathlib import Path

from tests.faults.resp import take_commands

KEEPS_HISTORY = (
    *("--appendonly", "yes", "--auto-aof-rewrite-percentage", "0"),
    *("--appendfsync", "always", "--maxmemory-policy", "noeviction"),
)
_CHUNK = 1 << 20
#: One command, as words.
Words = list[bytes]


def read_history(folder: Path) -> Iterator[list[Words]]:
    """Yield what was changed at one moment, moment by moment.

    `folder` is that of the server.
    """
    together: list[Words] | None = None
    for words in _commands(folder):
        name = words[0].upper()
        if name == b"MULTI":
            together = []
        elif name == b"EXEC":
            yield together or []
            together = None
        elif together is None:
            yield [words]
        else:
            together.append(words)


def _commands(folder: Path) -> Iterator[Words]:
    buffer = bytearray()
    for path in sorted(folder.glob("appendonlydir/*.incr.aof")):
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                buffer += chunk
                for _, words in take_commands(buffer):
                    yield words
