"""Enqueueing inside a transaction: the push waits for the commit. Used by `enqueue`.

Every job is an `on_commit` hook of its own, because a rolled-back savepoint takes the
hooks registered in it along. The hooks only collect. A second, empty-handed hook pushes
what was collected, so that a transaction costs one round trip. It carries no savepoint,
so no partial rollback can remove it, and only the last one of a transaction acts. With
transactions open on several databases, a job has hooks in each, and the last to commit
collects it.

Transactions by hand, with autocommit off, are refused. Django runs hooks there only
when autocommit is turned on again, and forgets them in between: a rollback takes along
those of transactions that are committed already, and so does the end of a request.
Where the setting AUTOCOMMIT is False they would never run.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import Atomic, TransactionManagementError

from jobs.client import get_client
from jobs.databases import opened
from jobs.errors import StoreUnavailable
from jobs.events import PushPutOff, emit
from jobs.outbox import alias_for, outbox
from jobs.store import Duplicates, NewJob


class CommitBatch:
    """The jobs that one transaction will push."""

    def __init__(self) -> None:
        """Start empty."""
        self._jobs: list[tuple[str, NewJob]] = []
        self._callbacks: list[Callable[[Duplicates], object]] = []
        self.last_hook: object = None
        #: How many jobs were ever to come in, by queue. Some may have been rolled back since.
        self.asked: Counter[str] = Counter()

    def add(
        self, jobs: list[tuple[str, NewJob]], callback: Callable[[Duplicates], object] | None = None
    ) -> None:
        """Collect jobs whose savepoint survived, and what to call when they are pushed."""
        self._jobs += jobs
        if callback is not None:
            self._callbacks.append(callback)

    def push(self) -> None:
        """Push what survived, and tell it."""
        jobs, self._jobs = self._jobs, []
        callbacks, self._callbacks = self._callbacks, []
        duplicates = _push_owed(jobs) or {} if jobs else {}
        for callback in callbacks:
            callback(duplicates)


class _Waiting:
    """Jobs that wait for the commits of so many connections."""

    def __init__(
        self,
        jobs: list[tuple[str, NewJob]],
        commits: int,
        callback: Callable[[Duplicates], object] | None = None,
    ) -> None:
        self.jobs = jobs
        self._commits = commits
        self._callback = callback

    def holds(self, job_id: str) -> bool:
        return any(job.id == job_id for _, job in self.jobs)

    def committed(self, batch: CommitBatch) -> None:
        self._commits -= 1
        if not self._commits:
            batch.add(self.jobs, self._callback)


def push_after_commit(jobs: list[tuple[str, NewJob]]) -> Duplicates | None:
    """Push at the commit of the open transactions, at once if none is.

    Return what `Client.push` returns, and None when there is a commit to wait for. Whichever
    database they are on, a rollback of any of them drops the jobs. Raise
    StoreUnavailable from the commit when Redis is away: the data is committed then and
    the jobs are not enqueued. Raise QueueFull where no transaction is open, and never from a
    commit. Raise TransactionManagementError inside a transaction by hand.
    """
    open_now = to_wait_for()
    if not open_now:
        return get_client().push(jobs)
    waiting = _Waiting(jobs, len(open_now))
    for connection in open_now:
        _add_hooks(connection, waiting)
    return None


def keep(jobs: list[tuple[str, NewJob]]) -> Duplicates | None:
    """Write jobs into the outbox, and push them when their transaction commits.

    Outside of a transaction they are pushed at once. Return what `Client.push` returns, and None as
    long as nobody knows. The transaction of the row decides, and no other. Raise
    TransactionManagementError where it is not clear which one that is.
    """
    connection = outbox_connection()
    connection.ensure_connection()
    _refuse_by_hand([connection])
    outbox.write(connection.alias, jobs)
    if not connection.in_atomic_block:
        return _push_owed(jobs)
    _add_hooks(connection, _Waiting(jobs, 1))
    return None


def outbox_connection() -> BaseDatabaseWrapper:
    """Return the connection whose commit decides over jobs of the outbox.

    Raise TransactionManagementError where that is not clear.
    """
    of_thread = opened()
    _refuse_by_hand(of_thread)
    open_now = [c.alias for c in of_thread if c.in_atomic_block and not is_of_test_alone(c)]
    return connections[alias_for(open_now)]


def _push_owed(jobs: list[tuple[str, NewJob]]) -> Duplicates | None:
    """Push what has committed.

    Where that fails, jobs of the outbox are pushed by a worker, so this returns None. So it does at
    once where Redis has just failed to answer. Raise the error where other jobs are among those
    that are not in.
    """
    if _are_kept(jobs) and (error := get_client().probing.reason_to_wait()):
        emit(PushPutOff(len(jobs), error))
        return None
    try:
        return _pushed(jobs)
    except Exception as error:
        left = jobs[getattr(error, "pushed", 0) :]
        if not _are_kept(left):
            raise
        emit(PushPutOff(len(left), error))
        return None


def _pushed(jobs: list[tuple[str, NewJob]]) -> Duplicates:
    """Push, and let others know whether Redis answers. Raise what `Client.push` raises."""
    client = get_client()
    try:
        duplicates = client.push(jobs, is_owed=True)
    except StoreUnavailable as error:
        if not client.store.is_spread:  # the other nodes of a cluster may be there
            client.probing.has_failed(error)
        raise
    client.probing.has_succeeded()
    return duplicates


def _are_kept(jobs: list[tuple[str, NewJob]]) -> bool:
    return all(job.is_kept for _, job in jobs)


def call_after_push(callback: Callable[[Duplicates], object]) -> None:
    """Call back when what this thread has enqueued so far is pushed.

    A push that is left to the outbox counts as done. It is called at once if no transaction is
    open, and not at all if the savepoint of this moment is rolled back. It gets the duplicates
    among the jobs of the transaction, each with the id of the job that has its place. It must raise
    nothing: the hooks of others come after it.
    """
    open_now = to_wait_for()
    if not open_now:
        callback({})
        return
    waiting = _Waiting([], len(open_now), callback)
    for connection in open_now:
        _add_hooks(connection, waiting)


def has_to_wait() -> bool:
    """Return whether a transaction is open in this thread.

    Raise TransactionManagementError inside a transaction by hand.
    """
    return bool(to_wait_for())


def to_wait_for() -> Sequence[BaseDatabaseWrapper]:
    """Return the connections of this thread whose commits a new job waits for.

    Raise TransactionManagementError inside a transaction by hand.
    """
    of_thread = opened()
    if not of_thread:
        return ()
    _refuse_by_hand(of_thread)
    return _open_transactions(of_thread)


def awaits_commit(job_id: str) -> bool:
    """Tell whether the push of a job waits for a transaction of this thread."""
    # The newest first: mostly it is asked for that.
    hooks = (entry[1] for connection in opened() for entry in reversed(connection.run_on_commit))
    return any(isinstance(hook, _JobsHook) and hook.waiting.holds(job_id) for hook in hooks)


def most_waiting(queue: str) -> int:
    """Return how many jobs of a queue wait at most for a commit.

    Commits of this thread are meant. Savepoints may have taken some jobs back. O(1).
    """
    batches = map(_batch_of, to_wait_for())
    return max((batch.asked[queue] for batch in batches), default=0)


def waiting_for(queue: str) -> list[NewJob]:
    """Return the jobs of a queue that wait for a commit.

    Commits of this thread are meant. O(n).
    """
    hooks = (entry[1] for connection in to_wait_for() for entry in connection.run_on_commit)
    waiting = {id(hook.waiting): hook.waiting for hook in hooks if isinstance(hook, _JobsHook)}
    return [job for each in waiting.values() for name, job in each.jobs if name == queue]


def _refuse_by_hand(of_thread: Sequence[BaseDatabaseWrapper]) -> None:
    for connection in of_thread:
        if connection.connection is not None and _is_by_hand(connection):
            raise TransactionManagementError(
                "A job cannot wait for the commit of a transaction by hand: autocommit is off on "
                f"the database {connection.alias!r}. Turn it on and use transaction.atomic(), or "
                'enqueue after the commit with using(commit="immediate").'
            )


def _is_by_hand(connection: BaseDatabaseWrapper) -> bool:
    if connection.in_atomic_block:  # which is only a savepoint if autocommit was off before
        return not connection.commit_on_exit
    return not connection.autocommit


def _open_transactions(of_thread: Sequence[BaseDatabaseWrapper]) -> list[BaseDatabaseWrapper]:
    """Return those connections of this thread that are to be waited for.

    The transaction around a test never commits. It counts only when no other is open,
    as with Django's own on_commit.
    """
    opened = [c for c in of_thread if c.in_atomic_block]
    return [c for c in opened if not is_of_test_alone(c)] or opened[:1]


def is_of_test_alone(connection: BaseDatabaseWrapper) -> bool:
    """Tell whether the only open transactions are those that Django puts around a test."""
    return all(map(_is_of_test, connection.atomic_blocks))


def _is_of_test(block: Atomic) -> bool:
    return bool(block._from_testcase)  # type: ignore[attr-defined]  # noqa: SLF001  # the only sign that Django gives


def _add_hooks(connection: BaseDatabaseWrapper, waiting: _Waiting) -> None:
    batch = _batch_of(connection)
    connection.on_commit(_JobsHook(waiting, batch))
    hook = _PushHook(batch)
    batch.last_hook = hook
    batch.asked.update(queue for queue, _ in waiting.jobs)
    connection.run_on_commit.append((set(), hook, False))  # type: ignore[arg-type]  # django-stubs knows of pairs only


def _batch_of(connection: BaseDatabaseWrapper) -> CommitBatch:
    for entry in reversed(connection.run_on_commit):
        hook = entry[1]
        if isinstance(hook, _PushHook):
            return hook.batch
    return CommitBatch()


class _JobsHook:
    """Hands jobs to the batch of a transaction that commits."""

    def __init__(self, waiting: _Waiting, batch: CommitBatch) -> None:
        self.waiting = waiting
        self._batch = batch

    def __call__(self) -> None:
        self.waiting.committed(self._batch)


class _PushHook:
    """Pushes its batch if it is the last hook of it."""

    def __init__(self, batch: CommitBatch) -> None:
        self.batch = batch

    def __call__(self) -> None:
        if self.batch.last_hook is self:
            self.batch.push()
