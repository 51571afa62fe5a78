"""A traceback in pieces, so that the frames of libraries can be folded away.

Traceback (most recent call last):
  [3 frames of libraries]
  File "/srv/shop/orders/jobs.py", line 12, in perform
    charge(order)
Declined: Card declined
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import jobs

#: The first line of a frame, also within a group of exceptions.
_FRAME = re.compile(r'[ |]*File "(?P<file>[^"\n]+)", line (?P<line>\d+)(?:, in (?P<name>.*))?\s*\Z')
#: What belongs to a frame stands deeper than its first line.
_WITHIN = re.compile(r"[ |]* {4}\S")
#: Parts of paths that only libraries have.
_OF_LIBRARIES = re.compile(r"[/\\](?:site-packages|dist-packages|lib[/\\]python\d[^/\\]*)[/\\]")
_OURS = f"{Path(jobs.__file__).parent}{os.sep}"


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines of a traceback in a row.

    `frames` are as many frames of libraries, 0 for all else.
    """

    text: str
    frames: int = 0


@dataclass(frozen=True, slots=True)
class Traceback:
    """A traceback in pieces.

    `place` is the project's last frame in one line, if there is one.
    """

    pieces: tuple[Piece, ...]
    place: str = ""


@dataclass(frozen=True, slots=True)
class _Part:
    """A frame, or a line that belongs to none."""

    text: str
    place: str = ""
    is_library: bool = False


def folded(text: str) -> Traceback:
    """Return a traceback whose frames of libraries can be folded.

    Nothing is folded where no frame is the project's.
    """
    parts = list(_parts(text))
    own = [part.place for part in parts if part.place and not part.is_library]
    if not own:
        return Traceback((Piece(text),) if text else ())
    pieces = []
    for is_library, found in groupby(parts, key=lambda part: part.is_library):
        group = list(found)
        lines = "\n".join(part.text for part in group)
        pieces.append(Piece(lines, len(group) if is_library else 0))
    return Traceback(tuple(pieces), own[-1])


def _parts(text: str) -> Iterator[_Part]:
    """Yield each frame with the lines within it, and every other line by itself."""
    frame: re.Match[str] | None = None
    lines: list[str] = []
    for line in text.splitlines():
        if frame and _WITHIN.match(line) and not _FRAME.match(line):
            lines.append(line)
            continue
        if frame:
            yield _part(frame, lines)
        frame, lines = _FRAME.match(line), [line]
        if not frame:
            yield _Part(line)
    if frame:
        yield _part(frame, lines)


def _part(frame: re.Match[str], lines: list[str]) -> _Part:
    file, name = frame["file"], frame["name"]
    place = f"{file}:{frame['line']}"
    is_library = file.startswith(("<", _OURS)) or bool(_OF_LIBRARIES.search(file))
    return _Part("\n".join(lines), f"{place}, {name}" if name else place, is_library)
