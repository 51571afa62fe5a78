"""Enqueueing inside a transaction: the push waits for the commit. Used by `enqueue`.

Every job is an `on_commit` hook of its own, because a rolled-back savepoint takes the hooks registered in it along.
The hooks only collect; a second, empty-handed hook pushes what was collected, so that a transaction costs one round
trip. It carries no savepoint, so no partial rollback can remove it, and only the last one of a transaction acts.
"""

from functools import partial

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from jobs.client import get_client
from jobs.store import NewJob


class CommitBatch:
    """The jobs that one transaction will push."""

    def __init__(self) -> None:
        """Start empty."""
        self._jobs: list[tuple[str, NewJob]] = []
        self.last_hook: object = None

    def add(self, jobs: list[tuple[str, NewJob]]) -> None:
        """Collect jobs whose savepoint survived."""
        self._jobs += jobs

    def push(self) -> None:
        """Push what survived, or pass it on to another transaction that is still open in this thread."""
        jobs, self._jobs = self._jobs, []
        if jobs:
            push_after_commit(jobs)


def push_after_commit(jobs: list[tuple[str, NewJob]]) -> None:
    """Push at the commit of the transactions open in this thread, whichever database they are on; at once if none is.

    A rollback of any of them drops the jobs. Raise StoreUnavailable from the commit when Redis is away: the data is
    committed then and the jobs are not enqueued.
    """
    for connection in connections.all(initialized_only=True):
        if connection.in_atomic_block:
            _add_hooks(connection, jobs)
            return
    get_client().push(jobs)


def _add_hooks(connection: BaseDatabaseWrapper, jobs: list[tuple[str, NewJob]]) -> None:
    batch = _batch_of(connection)
    connection.on_commit(partial(batch.add, jobs))
    hook = _PushHook(batch)
    batch.last_hook = hook
    connection.run_on_commit.append((set(), hook, False))


def _batch_of(connection: BaseDatabaseWrapper) -> CommitBatch:
    for _, hook, _ in reversed(connection.run_on_commit):
        if isinstance(hook, _PushHook):
            return hook.batch
    return CommitBatch()


class _PushHook:
    """Pushes its batch if it is the last hook of it."""

    def __init__(self, batch: CommitBatch) -> None:
        self.batch = batch

    def __call__(self) -> None:
        if self.batch.last_hook is self:
            self.batch.push()
