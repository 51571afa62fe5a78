"""Every line that the worker logs, under the logger `jobs`: a stable name and `key=value` fields.

Logic calls the functions here and formats nothing itself. Each record carries its fields as `record.fields`.
"""

import json
import logging
import os
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any, TextIO

from jobs.payload import Payload

logger = logging.getLogger("jobs")
#: How long a line may be kept before it is written, in seconds.
LONGEST_DELAY = 0.02


def emit(level: int, name: str, fields: dict[str, Any], error: BaseException | None = None) -> None:
    """Log one event; the traceback of `error` follows it."""
    if logger.isEnabledFor(level):
        text = name + "".join([f" {key}={value}" for key, value in fields.items()])
        logger.handle(_record(level, name, text, fields, error))


def _record(level: int, name: str, text: str, fields: dict[str, Any], error: BaseException | None) -> logging.LogRecord:
    """Return a record of the logging module, made from a pattern: its own constructor takes longer than a small job."""
    now = time.time()
    thread = threading.current_thread()
    record = logging.LogRecord.__new__(logging.LogRecord)
    record.__dict__ = _PATTERN | {
        "msg": text,
        "levelno": level,
        "levelname": logging.getLevelName(level),
        "exc_info": (type(error), error, error.__traceback__) if error else None,
        "created": now,
        "msecs": now % 1 * 1000,
        "relativeCreated": (now - _PATTERN["created"]) * 1000,
        "process": os.getpid(),
        "thread": thread.ident,
        "threadName": thread.name,
        "funcName": name,
        "event": name,
        "fields": fields,
    }
    return record


_PATTERN = vars(logging.LogRecord("jobs", logging.INFO, __file__, 0, "", (), None))


def job_fields(payload: Payload) -> dict[str, Any]:
    """Return the fields that name a job in every line about it."""
    return {"class": payload.job_class, "id": payload.id, "queue": payload.queue, "attempt": payload.attempt}


def job_started(payload: Payload) -> None:
    """Log that a thread has begun to run the job."""
    if logger.isEnabledFor(logging.DEBUG):
        emit(logging.DEBUG, "job.started", job_fields(payload))


def job_ended(name: str, payload: Payload, elapsed: float, level: int = logging.INFO, **more: Any) -> None:
    """Log how a run has ended: job.done, job.retried, job.dead, job.discarded or job.interrupted."""
    if logger.isEnabledFor(level):
        emit(level, name, {**job_fields(payload), "elapsed": f"{elapsed:.4f}", **more})


class PlainFormatter(logging.Formatter):
    """Time, level, pid and message. Makes the text of a second once: at 30,000 lines a second it would cost a fifth."""

    def __init__(self) -> None:
        """Start with no second known."""
        super().__init__("%(asctime)s %(levelname)s pid=%(process)d %(message)s")
        self._second = (0, "")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802  # logging's name
        """Return the local time with milliseconds."""
        second = int(record.created)
        if self._second[0] != second:
            self._second = second, time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))
        return f"{self._second[1]},{int(record.msecs):03}"


class JsonFormatter(logging.Formatter):
    """One JSON object per line, with the fields of the event beside time, level and message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        event = getattr(record, "event", None)
        line: dict[str, Any] = {"time": self.formatTime(record), "level": record.levelname, "logger": record.name}
        line |= {"event": event, **getattr(record, "fields", {})} if event else {"message": record.getMessage()}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class BatchingHandler(logging.StreamHandler):  # type: ignore[type-arg]  # generic for type checkers only
    """Writes a line at once when lines are rare, and many with one system call when they come thick and fast.

    A write lets go of the GIL while it holds the handler's lock: with a line for each job, ten threads would spend
    more time on waiting for each other than on the jobs. Warnings and worse are never held back.
    """

    def __init__(self, stream: TextIO) -> None:
        """Write to this stream."""
        super().__init__(stream)
        self._lines: deque[str] = deque()
        self._written_at = 0.0

    def handle(self, record: logging.LogRecord) -> bool:
        """Take a record without the handler's lock: keeping a line is atomic, and only a write needs order."""
        is_wanted = bool(self.filter(record))
        if is_wanted:
            self.emit(record)
        return is_wanted

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line, and write if the last write is long enough ago."""
        try:
            self._lines.append(self.format(record))
            if record.levelno >= logging.WARNING or time.monotonic() - self._written_at >= LONGEST_DELAY:
                self.flush()
        except Exception:  # noqa: BLE001  # a line that cannot be written must not fail the job it is about
            self.handleError(record)

    def flush(self) -> None:
        """Write what was kept. Where nobody reads any more, the lines are lost, not the worker."""
        with self.lock or threading.RLock(), suppress(OSError, ValueError):
            self._written_at = time.monotonic()
            if lines := [self._lines.popleft() for _ in range(len(self._lines))]:
                self.stream.write("\n".join(lines) + "\n")
            self.stream.flush()


def flush() -> None:
    """Write what the handlers of the library's logger have kept; the main thread of a worker calls it."""
    for handler in logger.handlers:
        handler.flush()


def log_to_stderr(form: str) -> None:
    """Send the library's lines to standard error, `plain` or `json`; `--log-format` of runjobs calls it."""
    handler = BatchingHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else PlainFormatter())
    logger.handlers[:] = [handler]
    logger.propagate = False
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
