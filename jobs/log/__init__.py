"""The log: a line under the logger `jobs` for each event.

It is a listener. Importing this package turns it on.
"""

import logging
import sys

from jobs.events.bus import ask_again, is_from_outside
from jobs.log.formatters import JsonFormatter, PlainFormatter
from jobs.log.handler import BatchingHandler, logger
from jobs.log.lines import lines

__all__ = [
    "BatchingHandler",
    "JsonFormatter",
    "PlainFormatter",
    "flush",
    "lines",
    "log_to_stderr",
    "logger",
]


def flush() -> None:
    """Write what the handlers of the library's logger have kept.

    The main thread of a worker calls it. The logger may have another level since.
    """
    ask_again()
    lines.write_all()
    for handler in logger.handlers:
        try:
            handler.flush()
        except BaseException as error:  # of a handler of the project
            if is_from_outside(error):
                raise


def log_to_stderr(form: str) -> None:
    """Send the library's lines to standard error, in the form `plain` or `json`.

    The option `--log-format` of runjobs calls it.
    """
    handler = BatchingHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else PlainFormatter())
    logger.handlers[:] = [handler]
    logger.propagate = False
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
