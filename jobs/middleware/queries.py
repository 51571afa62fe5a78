"""Counts the queries of each job: what `JOBS["COUNT_QUERIES"]` turns on.

Only then is this imported. Every connection of the process is asked from then on, whichever job or
thread opens it, and the context tells whose query it is.
"""

import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from jobs.middleware.base import Middleware
from jobs.queries import Queries

if TYPE_CHECKING:
    from jobs.job import Job

_queries: ContextVar[Queries | None] = ContextVar("jobs_queries", default=None)


class CountQueriesMiddleware(Middleware):
    """Counts what jobs on a worker ask of all databases.

    It is the outermost, so what other middleware asks for a job counts too. Hooks and handlers come
    after it, and are counted for no job.
    """

    def before(self, job: "Job") -> None:
        """Count from here on."""
        if job.is_on_worker:
            job.counted_queries = Queries()
            _queries.set(job.counted_queries)

    def after(self, job: "Job") -> None:
        """Count no longer: the hooks of a coroutine run in its context too."""
        if _queries.get() is job.counted_queries:  # else who throws it away is at work here
            _queries.set(None)


def _count(execute: Callable[..., Any], sql: Any, params: Any, many: Any, context: Any) -> Any:
    """Execute a query, and count it for the job that asks.

    It is a wrapper as `connection.execute_wrapper()` takes it.
    """
    queries = _queries.get()
    if queries is None:
        return execute(sql, params, many, context)
    begun = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        queries.add(time.perf_counter() - begun)


def _listen(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Count on a connection that has been opened, perhaps anew."""
    wrappers = connection.execute_wrappers
    if _count not in wrappers:
        # As the first: `connection.execute_wrapper()` takes the last away at the end of its block.
        wrappers.insert(0, _count)


connection_created.connect(_listen, dispatch_uid="jobs.queries")
