"""The handler of `runjobs`: writes many lines with one system call."""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, TextIO

from jobs.events import Event
from jobs.log.formatters import JsonFormatter, PlainFormatter

#: How long a line may be kept before it is written, in seconds.
LONGEST_DELAY = 0.02
_OURS = {PlainFormatter, JsonFormatter}
logger = logging.getLogger("jobs")


class Direct(NamedTuple):
    """The short way of a line, without a record."""

    #: Makes the line of an event and its level.
    line_of: Callable[[Event, int], str]
    #: Where lines are kept until the next `flush`.
    kept: deque[str]
    #: Whether the logger wants lines of a level.
    enabled: "Enabled"


class Enabled(dict[int, bool]):
    """Whether the logger wants lines of a level, asked once for each."""

    def __missing__(self, level: int) -> bool:
        self[level] = is_enabled = logger.isEnabledFor(level)
        return is_enabled


# StreamHandler is generic for type checkers only.
class BatchingHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes rare lines at once, and frequent ones many to a system call.

    A write lets go of the GIL while it holds the handler's lock. With a line for each job, ten
    threads would spend more time on waiting for each other than on the jobs. Warnings and worse are
    never held back.
    """

    def __init__(self, stream: TextIO) -> None:
        """Write to this stream."""
        super().__init__(stream)
        self._lines: deque[str] = deque()
        self._written_at = 0.0

    def handle(self, record: logging.LogRecord) -> bool:
        """Take a record without the handler's lock.

        Keeping a line is atomic, and only a write needs order.
        """
        is_wanted = bool(self.filter(record))
        if is_wanted:
            self.emit(record)
        return is_wanted

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line, and write if the last write is long enough ago."""
        try:
            self._lines.append(self.format(record))
            if (
                record.levelno >= logging.WARNING
                or time.monotonic() - self._written_at >= LONGEST_DELAY
            ):
                self.flush()
        except Exception:  # noqa: BLE001  # a line that fails must not fail its job
            self.handleError(record)

    def direct(self) -> Direct | None:
        """Return how lines are made without records.

        None where somebody filters or the form is not one of ours.
        """
        formatter = self.formatter
        if self.filters or self.level > logging.DEBUG or type(formatter) not in _OURS:
            return None
        return Direct(formatter.line_of, self._lines, Enabled())  # type: ignore[union-attr]

    def flush(self) -> None:
        """Write what was kept.

        Where nobody reads any more the lines are lost, but the worker goes on.
        """
        with self.lock or threading.RLock(), suppress(Exception):
            self._written_at = time.monotonic()
            if lines := [self._lines.popleft() for _ in range(len(self._lines))]:
                self._write("\n".join(lines) + "\n")
            self.stream.flush()

    def drop(self) -> None:
        """Forget what was kept."""
        self._lines.clear()

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
        except UnicodeError:  # one character of one line, for which the others must not be lost
            encoding = getattr(self.stream, "encoding", None) or "utf-8"
            self.stream.write(text.encode(encoding, "backslashreplace").decode(encoding))


def _hold_writers() -> None:
    """Before a fork, wait until no thread is writing a line.

    Otherwise the lock of that thread would stay taken in the child for ever.
    """
    for handler in [h for h in logger.handlers if isinstance(h, BatchingHandler)]:
        handler.acquire()
        _held.append(handler)


def _let_writers_go() -> None:
    while _held:
        _held.pop().release()


def _drop_lines() -> None:
    """Leave the lines that were kept to the parent.

    The logging module has renewed the locks of the child.
    """
    while _held:
        _held.pop().drop()


_held: list[BatchingHandler] = []
os.register_at_fork(
    before=_hold_writers, after_in_parent=_let_writers_go, after_in_child=_drop_lines
)
