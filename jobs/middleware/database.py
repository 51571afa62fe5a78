"""Database manners: a job starts and ends with connections that work, and leaves no transaction open."""

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.db import connections

from jobs.middleware.base import Middleware

if TYPE_CHECKING:
    from jobs.job import Job

logger = logging.getLogger("jobs")


class DatabaseMiddleware(Middleware):
    """Close stale connections before and after each job; roll back and report a transaction that a job left open.

    A transaction that was open before the job (a test's, or the caller's of `perform_now`) is left alone, and so are
    the connections meanwhile.
    """

    def perform(self, job: "Job", call_next: Callable[[], Any]) -> Any:
        """Tidy up around a job that runs in this thread."""
        if _is_in_transaction():
            return call_next()
        _close_stale()
        try:
            return call_next()
        finally:
            _end_open_transactions(job.job_id)
            _close_stale()

    async def aperform(self, job: "Job", call_next: Callable[[], Awaitable[Any]]) -> Any:
        """Tidy up in the one thread in which Django runs the ORM of coroutines; jobs share it, so nothing is rolled back."""
        await sync_to_async(_close_stale)()
        try:
            return await call_next()
        finally:
            await sync_to_async(_close_stale)()


def _is_in_transaction() -> bool:
    return any(connection.in_atomic_block for connection in connections.all(initialized_only=True))


def _close_stale() -> None:
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()


def _end_open_transactions(job_id: str) -> None:
    for connection in connections.all(initialized_only=True):
        if connection.in_atomic_block or not connection.get_autocommit():
            logger.error("job.transaction_left_open id=%s database=%s: it was rolled back", job_id, connection.alias)
            connection.close()
