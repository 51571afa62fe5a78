"""How a line of the log looks: plain text or JSON.

Times are local and carry their zone.
"""

import functools
import json
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from jobs.events import Event
from jobs.text import escaped


class _Process:
    """The number of this process.

    It is kept, because asking the system for it costs as much as the rest of a line.
    """

    def __init__(self) -> None:
        self.read()

    def read(self) -> None:
        self.pid = os.getpid()


_this = _Process()
os.register_at_fork(after_in_child=_this.read)


class PlainFormatter(logging.Formatter):
    """Time, level, pid and message."""

    def __init__(self) -> None:
        """Start with no second known."""
        super().__init__()
        self._clock = _Clock(" ", ",", lambda zone: zone.replace(":", ""))

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and below it the traceback."""
        time = self._clock.text_at(record.created)
        line = f"{time} {record.levelname} pid={record.process} {record.getMessage()}"
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        return f"{line}\n{self.formatStack(record.stack_info)}" if record.stack_info else line

    def line_of(self, event: Event, level: int) -> str:
        """Return the line of an event without a traceback.

        `format` makes the same line from a record.
        """
        time, name = self._clock.text_at(event.at), name_of_level(level)
        return f"{time} {name} pid={_this.pid} {event.text()}"

    def formatException(self, ei: Any) -> str:  # noqa: N802  # logging's name
        """Return the traceback, indented.

        Without the indentation a line of a message could pass for a line of the log.
        """
        lines = super().formatException(ei).split("\n")
        return "\n".join([f"  {escaped(line)}" for line in lines])


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, message and the fields of the event."""

    def __init__(self) -> None:
        """Start with no second known."""
        super().__init__()
        self._clock = _Clock("T", ".", str)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        event = getattr(record, "event", None)
        time = self._clock.text_at(record.created)
        line: dict[str, Any] = {"time": time, "level": record.levelname, "logger": record.name}
        line |= (
            {"event": event, **getattr(record, "fields", {})}
            if event
            else {"message": record.getMessage()}
        )
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)

    def line_of(self, event: Event, level: int) -> str:
        """Return the line of an event without a traceback.

        `format` makes the same line from a record.
        """
        line = {
            "time": self._clock.text_at(event.at),
            "level": name_of_level(level),
            "logger": "jobs",
            "event": event.name,
        }
        return json.dumps({**line, **event.fields()}, default=str)


@functools.cache
def name_of_level(level: int) -> str:
    """Return the name of a level.

    It is the name that the level had when it was first asked for.
    """
    return str(logging.getLevelName(level))


class _Clock:
    """Writes local times with milliseconds and zone, such as `2026-11-24T19:24:25.123+00:00`.

    It makes the text of a millisecond once: with 100,000 lines a second a hundred share it.
    """

    def __init__(self, separator: str, point: str, zone: Callable[[str], str]) -> None:
        self._separator = separator
        self._point = point
        self._zone = zone
        self._known_second = (0, "", "")
        self._known = (0, "")

    def text_at(self, moment: float) -> str:
        """Return the text of a time in epoch seconds."""
        milliseconds = int(moment * 1000)
        known = self._known  # another thread may change it at any time
        if known[0] != milliseconds:
            self._known = known = milliseconds, self._text_at(milliseconds)
        return known[1]

    def _text_at(self, milliseconds: int) -> str:
        second, rest = divmod(milliseconds, 1000)
        known = self._known_second
        if known[0] != second:
            text = datetime.fromtimestamp(second, UTC).astimezone().isoformat(self._separator)
            known = self._known_second = second, text[:19] + self._point, self._zone(text[19:])
        return f"{known[1]}{rest:03}{known[2]}"
