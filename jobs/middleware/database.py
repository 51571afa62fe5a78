"""Database manners: what a job finds of connections, and what it leaves.

A job starts and ends with connections that work, and leaves no transaction open.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from jobs.databases import here
from jobs.events import TransactionRolledBack, emit
from jobs.middleware.base import Middleware
from jobs.shield import was_struck

if TYPE_CHECKING:
    from jobs.job import Job


class DatabaseMiddleware(Middleware):
    """Closes stale connections before and after each job.

    A transaction that a job left open is rolled back and reported. All this is done only on a
    worker, whose threads belong to jobs alone: the connections of who calls `perform_now` are left
    alone.
    """

    def before(self, job: "Job") -> None:
        """Close the stale connections of this thread."""
        if here.may_have_opened and job.is_on_worker and not job.is_async:
            _close_stale(connections.all(initialized_only=True))

    def after(self, job: "Job") -> None:
        """Tidy up what the job left behind in this thread."""
        if here.may_have_opened and job.is_on_worker and not job.is_async:
            _tidy_up(job.job_id)

    async def aperform(self, job: "Job", call_next: Callable[[], Awaitable[Any]]) -> Any:
        """Close stale connections in the one thread of all coroutines' database work.

        Coroutines share that thread, so nothing is rolled back.
        """
        if not job.is_on_worker:
            return await call_next()
        await sync_to_async(_close_stale_of_coroutines)()
        try:
            return await call_next()
        finally:
            await sync_to_async(_close_stale_of_coroutines)()


def _close_stale(opened: Iterable[BaseDatabaseWrapper]) -> None:
    for connection in opened:
        connection.close_if_unusable_or_obsolete()


def _tidy_up(job_id: str) -> None:
    for connection in connections.all(initialized_only=True):
        if connection.connection is None:
            continue  # to ask it anything would open it
        if (
            connection.in_atomic_block
            or connection.get_autocommit() != connection.settings_dict["AUTOCOMMIT"]
        ):
            emit(TransactionRolledBack(job_id, connection.alias))
            _throw_away(connection)
        elif was_struck():  # perhaps between a query and its answer
            _throw_away(connection)
        else:
            connection.close_if_unusable_or_obsolete()


def _throw_away(connection: BaseDatabaseWrapper) -> None:
    connection.close()
    # Closed inside a block it would refuse to work for the next job.
    del connections[connection.alias]


def _close_stale_of_coroutines() -> None:
    _close_stale(c for c in connections.all(initialized_only=True) if not c.in_atomic_block)
