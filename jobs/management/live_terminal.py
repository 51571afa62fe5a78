"""A terminal that a live view has for itself.

It shows pictures on another page, and reads keys one by one. However the view ends, the terminal is
given back as it was.
"""

import os
import re
import select
import shutil
import signal
import sys
import termios
import threading
import time
import tty
from codecs import getincrementaldecoder
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from types import FrameType
from typing import Any, NamedTuple, Self

from django.core.management.base import OutputWrapper

#: Shows another page of the terminal, hides the cursor, and breaks no line.
ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l"
#: Undoes all of that.
LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l"
#: Moves to the top left corner.
HOME = "\x1b[H"
#: Clear the rest of the line, and of the page.
END_OF_LINE, END_OF_PAGE = "\x1b[K", "\x1b[J"
#: Swap the colours of a line, and swap them back.
SWAPPED, PLAIN = "\x1b[7m", "\x1b[27m"
#: What a terminal sends for keys that are no characters.
KEYS = {
    "\x1b[A": "up",
    "\x1bOA": "up",
    "\x1b[B": "down",
    "\x1bOB": "down",
    "\x1b": "escape",
    "\t": "tab",
    "\r": "enter",
    "\n": "enter",
    "\x7f": "backspace",
    "\b": "backspace",
    "\x04": "end",
}
_KEY = re.compile(r"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|.", re.DOTALL)


class Line(NamedTuple):
    """One line of a picture.

    The colours of the chosen one are swapped.
    """

    text: str
    is_chosen: bool = False


class LiveTerminal:
    """Takes the terminal on entering, and gives it back on leaving.

    A request to end, such as SIGTERM, ends the view with SystemExit. Ctrl-Z gives the terminal back
    until the process goes on.
    """

    def __init__(self, out: OutputWrapper) -> None:
        """Take where to write.

        Keys come from the standard input, if that is a terminal too.
        """
        self._out = out
        self._keys = sys.stdin.fileno() if _is_terminal(sys.stdin) else None
        self._before: list[Any] | None = None
        self._handlers: dict[signal.Signals, Any] = {}
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._pressed: deque[str] = deque()

    @property
    def has_keys(self) -> bool:
        """Whether somebody can press keys."""
        return self._keys is not None

    @property
    def size(self) -> os.terminal_size:
        """The columns and lines of the terminal, as they are now."""
        with suppress(AttributeError, OSError, ValueError):  # it may be no file
            size = os.get_terminal_size(self._out.fileno())
            if size.columns and size.lines:
                return size
        return shutil.get_terminal_size()

    def __enter__(self) -> Self:
        if self._keys is not None:
            self._before = termios.tcgetattr(self._keys)
        if threading.current_thread() is threading.main_thread():
            wanted = {
                signal.SIGTERM: _end,
                signal.SIGHUP: _end,
                signal.SIGTSTP: self._rest,
            }
            self._handlers = {name: signal.signal(name, wanted[name]) for name in wanted}
        self._take()
        return self

    def __exit__(self, *error: object) -> None:
        self._give_back()
        for name, handler in self._handlers.items():
            signal.signal(name, handler)

    def show(self, lines: Iterable[Line], foot: Iterable[Line] = ()) -> None:
        """Write a picture over the last one.

        Its foot stands at the bottom of the screen. What the screen has no room for is cut off.
        """
        columns, rows = self.size
        end = [_drawn(line, columns) for line in foot][-rows:]
        room = max(0, rows - len(end))
        top = [_drawn(line, columns) for line in lines][:room]
        top += [END_OF_LINE] * (room - len(top))
        self._write(HOME + "\n".join([*top, *end]) + END_OF_PAGE)

    def keys(self, seconds: float) -> Iterator[str]:
        """Yield the keys that are pressed within so many seconds.

        They are characters, or names of KEYS. Keys that the caller does not wait for are kept for
        the next call. A terminal that is gone presses `end`.
        """
        deadline = time.monotonic() + seconds
        while True:
            while self._pressed:
                yield self._pressed.popleft()
            left = max(0.0, deadline - time.monotonic())
            if self._keys is None:
                time.sleep(left)
                return
            if not select.select([self._keys], [], [], left)[0]:
                return
            self._pressed.extend(self._read(self._keys))

    def _read(self, keys: int) -> list[str]:
        try:
            typed = os.read(keys, 1024)
        except OSError:
            typed = b""
        if not typed:
            return ["end"]
        return [KEYS.get(key, key) for key in _KEY.findall(self._decoder.decode(typed))]

    def _take(self) -> None:
        if self._keys is not None:
            tty.setcbreak(self._keys)
        self._write(ENTER)

    def _give_back(self) -> None:
        with suppress(OSError, ValueError):  # the terminal may be gone
            self._write(LEAVE)
        if self._keys is not None and self._before is not None:
            with suppress(termios.error):
                termios.tcsetattr(self._keys, termios.TCSADRAIN, self._before)

    def _rest(self, number: int, frame: FrameType | None) -> None:
        self._give_back()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._take()

    def _write(self, text: str) -> None:
        self._out.write(text, ending="")
        self._out.flush()


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _is_terminal(file: Any) -> bool:
    """Return whether a file is a terminal.

    Under a test or a service it may be no file at all.
    """
    try:
        return os.isatty(file.fileno())
    except (AttributeError, OSError, ValueError):
        return False


def _drawn(line: Line, columns: int) -> str:
    text = line.text[:columns]
    return f"{SWAPPED}{text}{PLAIN}{END_OF_LINE}" if line.is_chosen else f"{text}{END_OF_LINE}"
