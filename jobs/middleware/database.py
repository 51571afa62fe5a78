"""Database manners: what a job finds of connections, and what it leaves.

A job starts and ends with connections that work, and leaves no transaction open. docs/databases.md
tells it to users.
"""

import os
import select
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from asgiref.sync import sync_to_async
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from jobs.databases import has_opened, here
from jobs.events import TransactionRolledBack, emit
from jobs.middleware.base import Middleware
from jobs.middleware.openings import coroutine_job, opening_of
from jobs.shield import was_struck

if TYPE_CHECKING:
    from jobs.job import Job

Result = TypeVar("Result")


class DatabaseMiddleware(Middleware):
    """Closes stale connections before and after each job.

    A transaction that a job left open is rolled back and reported. All this is done only on a
    worker, whose threads belong to jobs alone: the connections of who calls `perform_now` are left
    alone.
    """

    def __init__(self) -> None:
        """Begin with no coroutine at work."""
        self._coroutines: set[str] = set()

    def before(self, job: "Job") -> None:
        """Close what is stale, or was left open since the last job."""
        if here.may_have_opened and job.is_on_worker and not job.is_async:
            _tidy_up(None)

    def after(self, job: "Job") -> None:
        """Tidy up what the job left behind in this thread."""
        if here.may_have_opened and job.is_on_worker and not job.is_async:
            _tidy_up(job.job_id, is_doubtful=was_struck())

    async def aperform(self, job: "Job", call_next: Callable[[], Awaitable[Any]]) -> Any:
        """Tidy up in the one thread of all coroutines' database work.

        Coroutines share that thread, so what another one has opened is left to it while it runs.
        """
        if not job.is_on_worker:
            return await call_next()
        self._coroutines.add(job.job_id)
        token = coroutine_job.set(job.job_id)
        try:
            await self._tidy_up_beside(job.job_id)
            return await call_next()
        finally:
            self._coroutines.discard(job.job_id)
            await self._tidy_up_beside(job.job_id)
            coroutine_job.reset(token)

    async def _tidy_up_beside(self, job_id: str) -> None:
        """Tidy up for a coroutine, and leave to all others what is theirs.

        To ask another thread takes longer than the rest of a small job. So that is done only once
        a coroutine has opened a database there.
        """
        if _shared.thread is None or has_opened(_shared.thread):
            await sync_to_async(_tidy_up_shared)(frozenset(self._coroutines - {job_id}))


class _Shared:
    """The thread in which all coroutines of this process ask databases."""

    #: Its number, None before it was first asked.
    thread: int | None = None

    def forget(self) -> None:
        """Know nothing of the thread of the parent, in a forked child."""
        self.thread = None


_shared = _Shared()
os.register_at_fork(after_in_child=_shared.forget)


class TidyThreads(ThreadPoolExecutor):
    """Threads that coroutines ask, and that leave no connection in disorder after a call.

    Nobody knows which of them is asked next, so nothing that is left open is of use to anyone.
    """

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> "Future[Result]":
        """Call a function in one of them, and tidy up after it."""
        return super().submit(_call_tidily, coroutine_job.get(), fn, args, kwargs)


def _call_tidily(
    job_id: str | None, function: Callable[..., Result], args: Any, kwargs: Any
) -> Result:
    if here.may_have_opened:
        _tidy_up(None)
    try:
        return function(*args, **kwargs)
    finally:
        if here.may_have_opened:
            _tidy_up(job_id)


def _tidy_up(job_id: str | None, *, is_doubtful: bool = False) -> None:
    """Leave this thread connections that work.

    Where it `is_doubtful` whether all answers were read, none is kept.
    """
    for connection in connections.all(initialized_only=True):
        if _is_left_open(connection):
            _roll_back(connection, job_id)
        elif connection.connection is None:
            continue
        elif is_doubtful:
            _throw_away(connection)
        else:
            _doubt_if_it_has_word(connection)
            connection.close_if_unusable_or_obsolete()


def _tidy_up_shared(others: frozenset[str]) -> None:
    """Leave all coroutines connections that work, and no transaction of one that ended.

    `others` still run. One may be in the middle of its rows, so a connection that only is too old
    is kept for them.
    """
    _shared.thread = threading.get_ident()
    for connection in connections.all(initialized_only=True):
        if _is_left_open(connection):
            opening = opening_of(connection)
            if opening is not None and opening.job_id not in others:
                _roll_back(connection, opening.job_id)
        elif connection.connection is None:
            continue
        else:
            _doubt_if_it_has_word(connection)
            if not others:
                connection.close_if_unusable_or_obsolete()
            elif connection.errors_occurred and not connection.is_usable():
                connection.close()


def _is_left_open(connection: BaseDatabaseWrapper) -> bool:
    # A pool has taken back the connection of a block in which the job closed it.
    if connection.in_atomic_block:
        return True
    if connection.connection is None:  # to ask it anything would open it
        return False
    return bool(connection.get_autocommit() != connection.settings_dict["AUTOCOMMIT"])


def _roll_back(connection: BaseDatabaseWrapper, job_id: str | None) -> None:
    opening = opening_of(connection)
    line = opening.line if opening else None
    emit(TransactionRolledBack(job_id, connection.alias, line))
    _throw_away(connection)


def _throw_away(connection: BaseDatabaseWrapper) -> None:
    connection.close()
    # Closed inside a block it would refuse to work for the next job.
    del connections[connection.alias]


def _doubt_if_it_has_word(connection: BaseDatabaseWrapper) -> None:
    """Have an idle connection tried whose server has said something unasked.

    Mostly that is a farewell: the server was restarted, and the next query would fail.
    """
    if _has_word(connection.connection):
        connection.errors_occurred = True


def _has_word(connection: Any) -> bool:
    """Return whether there is something to read, without waiting for it."""
    if not hasattr(connection, "fileno"):
        return False  # a file, or a driver that does not show its socket
    try:
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        return bool(poll.poll(0))
    except Exception:  # noqa: BLE001  # it is closed: each driver has an error of its own for that
        return True
