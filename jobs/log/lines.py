"""Makes the lines of the log from events, under the logger `jobs`.

A line is a stable name and `key=value` fields.

Each record carries `event`, the name, and `fields`. Whatever the filters, handlers and formatters
of a project do, only the line may be lost, never the job that it is about.
"""

import logging
import os
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any

from jobs.events import Event, subscribe
from jobs.events.bus import is_from_outside
from jobs.log.formatters import name_of_level
from jobs.log.handler import BatchingHandler, Direct, logger

#: Most lines that wait to be written. Where nobody takes them, later events wait themselves.
MOST_KEPT = 10_000
#: Most events that wait for the logging module. Each keeps its payload alive. Whoever brings one
#: more makes room first, and so waits for a reader that hangs.
MOST_WAITING = 2_000
#: How long the main thread of a worker may write at a time, and how long at its end. Seconds.
#: Signals must not wait for longer.
LONGEST_WRITE, LONGEST_FAREWELL = 0.05, 0.2


def is_wanted(kind: type[Event]) -> bool:
    """Return whether the logger wants lines of such events just now."""
    return kind.LEVEL > logging.NOTSET and logger.isEnabledFor(kind.LEVEL)


class Lines:
    """Writes a line for each event.

    In a worker most lines are made at once and written by the main thread, when it has time. Where
    the logging module has to make them, the events wait for it. Warnings and worse never wait, and
    neither does what happened before them.
    """

    def __init__(self) -> None:
        """Write at once."""
        #: Events with their level and the id of their thread.
        self._waiting: deque[tuple[Event, int, int]] = deque()
        self._is_collecting = False
        #: How most lines are made, None where the logging module has to make them. It is looked
        #: at again by `write_all`.
        self._direct: Direct | None = None

    def hear(self, event: Event) -> None:
        """Write the line of an event, or keep it until `write_all`."""
        level = event.level
        if level == logging.NOTSET:
            return
        if self._is_collecting and level < logging.WARNING:
            is_short = event.raised is None and not self._waiting
            direct = self._direct if is_short else None
            if direct and _keep(direct, event, level):
                return
            if len(self._waiting) >= MOST_WAITING:
                self.write_all()
            self._waiting.append((event, level, threading.get_ident()))
            return
        if not logger.isEnabledFor(level):
            return
        self.write_all()
        _write(event, threading.get_ident(), threading.current_thread().name)

    def collect(self) -> None:
        """Keep events from now on: somebody calls `write_all` many times a second."""
        self._direct = _shortcut()
        self._is_collecting = True

    def write_all(self, seconds: float = LONGEST_WRITE) -> None:
        """Write the lines of all that was kept, for `seconds` at most.

        A handler may be slow. What is left is written the next time.
        """
        self._direct = _shortcut() if self._is_collecting else None
        if not self._waiting:
            return
        end = time.monotonic() + seconds
        names = {each.ident: each.name for each in threading.enumerate()}
        waiting = self._waiting
        with suppress(IndexError):  # another thread writes too
            for _ in range(len(waiting)):
                if time.monotonic() > end:
                    return
                event, level, thread = waiting.popleft()
                if logger.isEnabledFor(level):
                    _write(event, thread, names.get(thread, "gone"))

    def stop_collecting(self) -> None:
        """Write what was kept, and write at once from now on.

        What cannot be written in time is dropped.
        """
        self._is_collecting, self._direct = False, None
        self.write_all(LONGEST_FAREWELL)
        self._waiting.clear()

    def forget(self) -> None:
        """Leave to the parent what was kept, in a forked child."""
        self._is_collecting, self._direct = False, None
        self._waiting.clear()


lines = Lines()
subscribe(Event, at_once=True, is_wanted=is_wanted, everywhere=True)(lines.hear)
os.register_at_fork(after_in_child=lines.forget)


def _shortcut() -> Direct | None:
    """Return how lines are made without records, if they may be.

    The handler must be ours and the only one, and nobody else may look at records. A record of the
    logging module takes longer to make than a small job takes to run.
    """
    handlers = [*logger.handlers]  # others may change them at any time
    if len(handlers) != 1 or logger.filters or logger.propagate:
        return None
    [handler] = handlers
    return handler.direct() if type(handler) is BatchingHandler else None


def _keep(direct: Direct, event: Event, level: int) -> bool:
    """Make the line of an event, and return whether that went well."""
    if len(direct.kept) >= MOST_KEPT:
        return False
    try:
        if direct.enabled[level]:
            direct.kept.append(direct.line_of(event, level))
    except BaseException as error:  # a value has no text: the long way tells of it
        if is_from_outside(error):
            raise
        return False
    return True


def _write(event: Event, thread: int, thread_name: str) -> None:
    record = None
    try:
        fields = event.fields()
        record = _record(event, thread, thread_name, fields, event.text())
        logger.handle(record)
    except BaseException as error:  # of a filter or handler, or of a value that has no text
        if is_from_outside(error):
            raise
        _complain(
            record or logging.LogRecord("jobs", event.level, __file__, 0, event.name, (), None)
        )


def _complain(record: logging.LogRecord) -> None:
    """Say on standard error that a line could not be logged.

    The logging module does the same with an error of a handler.
    """
    with suppress(Exception):
        _HANDLER.handleError(record)


_HANDLER = logging.NullHandler()


def _record(
    event: Event, thread: int, thread_name: str, fields: dict[str, Any], text: str
) -> logging.LogRecord:
    """Return a record of the logging module, with what is known of the event."""
    level, error = event.level, event.raised
    record = _bare_record()
    record.__dict__ |= {
        "msg": text,
        "levelno": level,
        "levelname": name_of_level(level),
        "exc_info": None if error is None else (type(error), error, error.__traceback__),
        "created": event.at,
        "msecs": event.at % 1 * 1000,
        "relativeCreated": (event.at - _PATTERN["created"]) * 1000,
        "process": os.getpid(),
        "thread": thread,
        "threadName": thread_name,
        "funcName": event.name,
        "event": event.name,
        "fields": fields,
    }
    return record


def _bare_record() -> logging.LogRecord:
    """Return a record to be filled in.

    The factory of the project makes it, if there is one.
    """
    factory = logging.getLogRecordFactory()
    if factory is not logging.LogRecord:
        return factory(*_BARE)
    # Its constructor takes longer than a small job.
    record = logging.LogRecord.__new__(logging.LogRecord)
    record.__dict__ = _PATTERN.copy()
    return record


_BARE: Any = ("jobs", logging.INFO, __file__, 0, "", (), None)
_PATTERN = vars(logging.LogRecord(*_BARE))
