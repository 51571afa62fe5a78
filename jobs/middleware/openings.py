"""Where transactions are opened, so that one left open can be traced.

Only connections that a job opens are watched, and only where autocommit is turned off: once for
each transaction. `database.py` asks when a job has ended.
"""

import concurrent.futures
import contextlib
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import asgiref
import django
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from jobs.shield import guard_here

#: The id of the coroutine job whose code runs here. Threads that it asks know it too.
coroutine_job: ContextVar[str | None] = ContextVar("jobs_coroutine_job", default=None)
#: Code that opens transactions for others. The line that is looked for called it.
_BETWEEN = (
    *(f"{Path(m.__file__ or '').parent}/" for m in (asgiref, concurrent.futures, django)),
    *(str(m.__file__) for m in (contextlib, threading)),
    f"{Path(__file__).parent}/",
)


@dataclass(frozen=True, slots=True)
class Opening:
    """Who turned autocommit off, and where.

    `job_id` is known of coroutines alone. `line` is a file and a number, or None where no code of
    the project called.
    """

    job_id: str | None
    line: str | None


class Watch:
    """Stands before `set_autocommit` of a connection, through which every transaction begins."""

    def __init__(self, set_autocommit: Callable[..., None]) -> None:
        """Take what it stands before.

        Who turns autocommit off may have opened the connection by that.
        """
        self._set_autocommit = set_autocommit
        self.opening: Opening | None = _opening_here()

    def __call__(self, autocommit: bool, *args: Any, **kwargs: Any) -> None:  # noqa: FBT001  # as Django calls it
        """Do what is asked, and note where autocommit is turned off."""
        self._set_autocommit(autocommit, *args, **kwargs)
        self.opening = None if autocommit else _opening_here()


def watch(connection: BaseDatabaseWrapper) -> None:
    """Note from now on where transactions of this connection are opened."""
    attributes = vars(connection)
    if "set_autocommit" not in attributes:
        attributes["set_autocommit"] = Watch(connection.set_autocommit)


def opening_of(connection: BaseDatabaseWrapper) -> Opening | None:
    """Return where the open transaction of a connection began, None where nobody watched."""
    found = vars(connection).get("set_autocommit")
    return found.opening if isinstance(found, Watch) else None


def _opening_here() -> Opening:
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # documented; there is no other way
    while frame is not None and frame.f_code.co_filename.startswith(_BETWEEN):
        frame = frame.f_back
    line = frame and f"{frame.f_code.co_filename}:{frame.f_lineno}"
    return Opening(coroutine_job.get(), line)


def _watch_if_of_job(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Watch a connection that the thread of a worker, or a coroutine, has opened."""
    if guard_here() is not None or coroutine_job.get() is not None:
        watch(connection)


connection_created.connect(_watch_if_of_job, dispatch_uid="jobs.openings")
