"""Every line that the worker logs, under the logger `jobs`: a stable name and `key=value` fields.

Logic calls the functions here and formats nothing itself. Each record carries its fields as `record.fields`.
"""

import json
import logging
import sys
from typing import Any

from jobs.payload import Payload

logger = logging.getLogger("jobs")


def emit(level: int, name: str, fields: dict[str, Any], error: BaseException | None = None) -> None:
    """Log one event; the traceback of `error` follows it."""
    if logger.isEnabledFor(level):
        text = name + "".join([f" {key}={value}" for key, value in fields.items()])
        logger.log(level, text, extra={"event": name, "fields": fields}, exc_info=error)


def job_fields(payload: Payload) -> dict[str, Any]:
    """Return the fields that name a job in every line about it."""
    return {"class": payload.job_class, "id": payload.id, "queue": payload.queue, "attempt": payload.attempt}


def job_started(payload: Payload) -> None:
    """A thread has begun to run the job."""
    if logger.isEnabledFor(logging.DEBUG):
        emit(logging.DEBUG, "job.started", job_fields(payload))


def job_ended(name: str, payload: Payload, elapsed: float, level: int = logging.INFO, **more: Any) -> None:
    """A run has ended: job.done, job.retried, job.dead, job.discarded or job.interrupted."""
    if logger.isEnabledFor(level):
        emit(level, name, {**job_fields(payload), "elapsed": f"{elapsed:.3f}", **more})


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


def log_to_stderr(form: str) -> None:
    """Send the library's lines to standard error, `plain` or `json`; `--log-format` of runjobs calls it."""
    plain = logging.Formatter("%(asctime)s %(levelname)s pid=%(process)d %(message)s")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else plain)
    logger.handlers[:] = [handler]
    logger.propagate = False
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
