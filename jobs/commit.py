"""Enqueueing inside a transaction: the push waits for the commit. Used by `enqueue`.

Every job is an `on_commit` hook of its own, because a rolled-back savepoint takes the hooks registered in it along.
The hooks only collect; a second, empty-handed hook pushes what was collected, so that a transaction costs one round
trip. It carries no savepoint, so no partial rollback can remove it, and only the last one of a transaction acts.
With transactions open on several databases, a job has hooks in each, and the last to commit collects it.
"""

from functools import partial

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import Atomic

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
        """Push what survived."""
        jobs, self._jobs = self._jobs, []
        if jobs:
            get_client().push(jobs)


class _Waiting:
    """Jobs that wait for the commits of so many connections."""

    def __init__(self, jobs: list[tuple[str, NewJob]], commits: int) -> None:
        self._jobs = jobs
        self._commits = commits

    def committed(self, batch: CommitBatch) -> None:
        self._commits -= 1
        if not self._commits:
            batch.add(self._jobs)


def push_after_commit(jobs: list[tuple[str, NewJob]]) -> None:
    """Push at the commit of the transactions open in this thread, whichever database they are on; at once if none is.

    A rollback of any of them drops the jobs. Raise StoreUnavailable from the commit when Redis is away: the data is
    committed then and the jobs are not enqueued.
    """
    opened = _open_transactions()
    if not opened:
        get_client().push(jobs)
    waiting = _Waiting(jobs, len(opened))
    for connection in opened:
        _add_hooks(connection, waiting)


def _open_transactions() -> list[BaseDatabaseWrapper]:
    """Return the connections of this thread to wait for.

    The transaction around a test never commits. It counts only when no other is open, as with Django's own on_commit.
    """
    opened = [c for c in connections.all(initialized_only=True) if c.in_atomic_block]
    return [c for c in opened if not all(map(_is_of_test, c.atomic_blocks))] or opened[:1]


def _is_of_test(block: Atomic) -> bool:
    return bool(block._from_testcase)  # type: ignore[attr-defined]  # noqa: SLF001  # the only sign that Django gives


def _add_hooks(connection: BaseDatabaseWrapper, waiting: _Waiting) -> None:
    batch = _batch_of(connection)
    connection.on_commit(partial(waiting.committed, batch))
    hook = _PushHook(batch)
    batch.last_hook = hook
    connection.run_on_commit.append((set(), hook, False))  # type: ignore[arg-type]  # django-stubs knows of pairs only


def _batch_of(connection: BaseDatabaseWrapper) -> CommitBatch:
    for entry in reversed(connection.run_on_commit):
        hook = entry[1]
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
