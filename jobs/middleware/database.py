"""Database manners: a job starts and ends with connections that work, and leaves no transaction open."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from jobs.events import emit
from jobs.middleware.base import Middleware

if TYPE_CHECKING:
    from jobs.job import Job


class DatabaseMiddleware(Middleware):
    """Close stale connections before and after each job; roll back and report a transaction that a job left open.

    Only on a worker, whose threads belong to jobs alone: the connections of who calls `perform_now` are left alone.
    """

    def perform(self, job: "Job", call_next: Callable[[], Any]) -> Any:
        """Tidy up around a job that runs in this thread."""
        if not job.is_on_worker:
            return call_next()
        _close_stale(connections.all(initialized_only=True))
        try:
            return call_next()
        finally:
            _tidy_up(job.job_id)

    async def aperform(self, job: "Job", call_next: Callable[[], Awaitable[Any]]) -> Any:
        """Tidy up in the one thread of all coroutines' database work; they share it, so nothing is rolled back."""
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
        if connection.in_atomic_block or connection.get_autocommit() != connection.settings_dict["AUTOCOMMIT"]:
            emit(logging.ERROR, "job.transaction_rolled_back", {"id": job_id, "database": connection.alias})
            connection.close()
            del connections[connection.alias]  # closed inside a block it would refuse to work for the next job
        else:
            connection.close_if_unusable_or_obsolete()


def _close_stale_of_coroutines() -> None:
    _close_stale(c for c in connections.all(initialized_only=True) if not c.in_atomic_block)
