"""Database manners: what a job finds of connections, and what it leaves.

A job starts and ends with connections that work, and leaves no transaction open. docs/databases.md
tells it to users.
"""

import asyncio
import select
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from asgiref.sync import SyncToAsync, sync_to_async
from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from jobs.databases import half_opened, has_opened, here
from jobs.events import HandlerFailed, TransactionRolledBack, emit
from jobs.middleware.base import Middleware
from jobs.middleware.openings import (
    CoroutineRun,
    coroutine_run,
    opening_of,
    shared_thread,
    watch,
)
from jobs.shield import was_struck
from jobs.text import shown_error

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
        self._at_work: set[CoroutineRun] = set()

    def before(self, job: "Job") -> None:
        """Close what is stale, or was left open since the last job."""
        if here.may_have_opened and job.is_on_worker and not job.is_async:
            _tidy_up(None)

    def failed(self, job: "Job", error: BaseException) -> None:
        """Throw away what failed while it was opened."""
        if job.is_on_worker and not job.is_async:
            _throw_half_opened_away()

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
        run = CoroutineRun(job.job_id)
        self._at_work.add(run)
        token = coroutine_run.set(run)
        has_failed = True
        try:
            await self._tidy_up_beside(run)
            result = await call_next()
            has_failed = False
        finally:
            self._at_work.discard(run)
            # Elsewhere it is being thrown away and may not wait. The next one tidies up.
            if coroutine_run.get() is run:
                await self._tidy_up_after(run, has_failed=has_failed)
                coroutine_run.reset(token)
        return result

    async def _tidy_up_after(self, run: CoroutineRun, *, has_failed: bool) -> None:
        """Tidy up, and change nothing of how the job has ended.

        A cancellation comes too late: the thread goes on, and nobody waits for it any more.
        """
        tidying = self._tidy_up_beside(run, has_failed=has_failed)
        # A RuntimeError: the process ends, and its threads take nothing more.
        with suppress(asyncio.CancelledError, RuntimeError):
            await asyncio.shield(asyncio.ensure_future(tidying))

    async def _tidy_up_beside(self, run: CoroutineRun, *, has_failed: bool = False) -> None:
        """Tidy up for a coroutine, and leave to all others what is theirs.

        To ask another thread takes longer than the rest of a small job. So that is done only once
        a coroutine has opened a database there, or may have failed at it.
        """
        own = SyncToAsync.thread_sensitive_context.get(None)
        if own is not None:
            if own in SyncToAsync.context_to_thread_executor:
                await sync_to_async(_tidy_up_own)(run.job_id)
        elif has_failed or shared_thread.number is None or has_opened(shared_thread.number):
            others = frozenset(self._at_work - {run})
            await sync_to_async(_tidy_up_shared)(others, has_failed=has_failed)


class TidyThreads(ThreadPoolExecutor):
    """Threads that coroutines ask, and that leave no connection in disorder after a call.

    Nobody knows which of them is asked next, so nothing that is left open is of use to anyone.
    """

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> "Future[Result]":
        """Call a function in one of them, and tidy up after it."""
        run = coroutine_run.get()
        job_id = run.job_id if run else None
        return super().submit(_call_tidily, job_id, fn, args, kwargs)


def _call_tidily(
    job_id: str | None, function: Callable[..., Result], args: Any, kwargs: Any
) -> Result:
    if here.may_have_opened:
        _tidy_up(None)
    try:
        return function(*args, **kwargs)
    except BaseException:
        _throw_half_opened_away()
        raise
    finally:
        if here.may_have_opened:
            _tidy_up(job_id)


def _tidy_up(job_id: str | None, *, is_doubtful: bool = False) -> None:
    """Leave this thread connections that work.

    Where it `is_doubtful` whether all answers were read, none is kept.
    """
    for connection in connections.all(initialized_only=True):
        if is_doubtful:
            _carefully(connection, _throw_away)
        else:
            _carefully(connection, _tidy, job_id)


def _tidy_up_own(job_id: str) -> None:
    """Tidy up in a thread that a coroutine has for itself, by a `ThreadSensitiveContext`."""
    _throw_half_opened_away()
    if here.may_have_opened:
        _tidy_up(job_id)


def _tidy_up_shared(others: frozenset[CoroutineRun], *, has_failed: bool = False) -> None:
    """Leave all coroutines connections that work, and no transaction of one that ended."""
    shared_thread.number = threading.get_ident()
    if has_failed:
        _throw_half_opened_away()
    for connection in connections.all(initialized_only=True):
        if others:
            _carefully(connection, _tidy_beside, others)
        else:
            _carefully(connection, _tidy, None)
        watch(connection)  # it may have been opened before this thread was known


def _carefully(connection: BaseDatabaseWrapper, step: Callable[..., None], *args: Any) -> None:
    """Take a step with one connection.

    Where it raises, the connection is given up, and neither the job nor another connection is
    concerned.
    """
    try:
        step(connection, *args)
    except Exception as error:  # noqa: BLE001  # drivers and backends raise what they like
        emit(HandlerFailed(f"DATABASES.{connection.alias}", shown_error(error), raised=error))
        with suppress(AttributeError):
            del connections[connection.alias]


def _tidy(connection: BaseDatabaseWrapper, job_id: str | None) -> None:
    """Leave a connection that works, or none, and no transaction."""
    if _is_left_open(connection):
        _roll_back(connection, job_id)
    elif connection.connection is not None:
        is_doubtful = connection.errors_occurred or _has_word(connection.connection)
        _forget_what_is_not_committed(connection)
        connection.errors_occurred = is_doubtful
        connection.close_if_unusable_or_obsolete()
        _forget_what_is_not_committed(connection)


def _tidy_beside(connection: BaseDatabaseWrapper, others: frozenset[CoroutineRun]) -> None:
    """Do what harms no other coroutine that still runs.

    One may be in the middle of its rows, so a connection that only is too old is kept for them.
    Where AUTOCOMMIT is False nobody can tell whose a transaction is, and it is left to them, be it
    one that has failed.
    """
    if _is_left_open(connection):
        opening = opening_of(connection)
        if opening is None or opening.run not in others:
            _roll_back(connection, None)
    elif connection.connection is not None:
        had_error = connection.errors_occurred and connection.settings_dict["AUTOCOMMIT"]
        if not (had_error or _has_word(connection.connection)):
            return
        if connection.is_usable():
            connection.errors_occurred = False
        else:
            connection.close()


def _is_left_open(connection: BaseDatabaseWrapper) -> bool:
    # A pool has taken back the connection of a block in which the job closed it.
    if connection.in_atomic_block:
        return True
    if connection.connection is None:  # to ask it anything would open it
        return False
    return bool(connection.get_autocommit() != connection.settings_dict["AUTOCOMMIT"])


def _forget_what_is_not_committed(connection: BaseDatabaseWrapper) -> None:
    """Roll back where AUTOCOMMIT is False.

    Else a later job would commit what is not its own. It costs nothing where nothing has begun.
    """
    if connection.settings_dict["AUTOCOMMIT"] or connection.connection is None:
        return
    try:
        connection.rollback()
    except Error:  # the server is gone
        connection.close()


def _roll_back(connection: BaseDatabaseWrapper, job_id: str | None) -> None:
    opening = opening_of(connection)
    if opening and opening.run:
        job_id = opening.run.job_id
    line = opening.line if opening else None
    emit(TransactionRolledBack(job_id, connection.alias, line))
    _throw_away(connection)


def _throw_half_opened_away() -> None:
    for connection in half_opened():
        _carefully(connection, _throw_away)


def _throw_away(connection: BaseDatabaseWrapper) -> None:
    connection.close()
    # Closed inside a block it would refuse to work for the next job.
    del connections[connection.alias]


def _has_word(connection: Any) -> bool:
    """Return whether the server has said something unasked, without waiting for it.

    Mostly that is a farewell: it was restarted, and the next query would fail.
    """
    if not hasattr(connection, "fileno"):
        return False  # a file, or a driver that does not show its socket
    try:
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        return bool(poll.poll(0))
    except Exception:  # noqa: BLE001  # it is closed: each driver has an error of its own for that
        return True
