"""Where transactions are opened, so that one left open can be traced.

Only connections that a job opens are watched, and only where autocommit is turned off: once for
each transaction. `database.py` asks when a job has ended.
"""

import concurrent.futures
import contextlib
import os
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


@dataclass(frozen=True, slots=True, eq=False)
class CoroutineRun:
    """One run of a coroutine job.

    It is equal to itself alone: a job that was recovered too early may run twice at once.
    """

    job_id: str


#: The run whose code is at work here. Threads that it asks know it too.
coroutine_run: ContextVar[CoroutineRun | None] = ContextVar("jobs_coroutine_run", default=None)
#: Code that opens transactions for others. The line that is looked for called it.
_BETWEEN = (
    *(f"{Path(m.__file__ or '').parent}/" for m in (asgiref, concurrent.futures, django)),
    *(str(m.__file__) for m in (contextlib, threading)),
    f"{Path(__file__).parent}/",
)


@dataclass(frozen=True, slots=True)
class Opening:
    """Who turned autocommit off, and where.

    `run` is known of coroutines alone, and not where a hook of theirs did it. `line` is a file and
    a number, or None where no code of the project called.
    """

    run: CoroutineRun | None
    line: str | None


class SharedThread:
    """The thread in which all coroutines of this process ask databases."""

    #: Its number, None before it was first asked.
    number: int | None = None

    def is_here(self) -> bool:
        """Whether the code that asks runs in it."""
        return self.number == threading.get_ident()

    def forget(self) -> None:
        """Know nothing of the thread of the parent, in a forked child."""
        self.number = None


shared_thread = SharedThread()
os.register_at_fork(after_in_child=shared_thread.forget)


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
    return Opening(coroutine_run.get(), line)


def _watch_if_of_job(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Watch a connection that a thread of a worker has opened, or coroutines."""
    is_for_coroutines = coroutine_run.get() is not None or shared_thread.is_here()
    if is_for_coroutines or guard_here() is not None:
        watch(connection)


connection_created.connect(_watch_if_of_job, dispatch_uid="jobs.openings")
