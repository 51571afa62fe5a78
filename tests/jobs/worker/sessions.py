"""Jobs that use the database in a small worker, one after the other."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from django.db import connection, connections

from jobs.events import JobEnded, subscribe, unsubscribe
from jobs.job import Job
from jobs.registry import registry
from tests.jobs.worker.code_jobs import CODE, CodeJob
from tests.jobs.worker.made_jobs import push
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

#: What needs a server that has sessions. `bin/ci postgres` runs it.
needs_postgresql = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="runs in bin/ci postgres"
)


class CodeCoroutineJob(Job):
    """Runs the coroutine that the test has put in its place."""

    max_retries = 1

    async def perform(self, *args):
        return await CODE["aperform"](self, *args)

    def retry_in(self, attempt, error):
        return CODE.get("retry_in", lambda attempt, error: 1000)(attempt, error)


class Desk:
    """Runs pieces of code as jobs of one worker with one thread."""

    def __init__(self, store, worker) -> None:
        self._store = store
        self.worker = worker
        self.ended: list[JobEnded] = []

    def run(self, perform: Callable[[], Any]) -> Any:
        """Run a function as a job, and return what it returned."""
        results: list[Any] = []
        CODE["perform"] = lambda job: results.append(perform())
        self.wait(self.start(CodeJob))
        return results[0] if results else None

    def arun(self, perform: Callable[[], Any]) -> Any:
        """Run a coroutine function as a job, and return what it returned."""

        async def aperform(job: Job) -> None:
            results.append(await perform())

        results: list[Any] = []
        CODE["aperform"] = aperform
        self.wait(self.start(CodeCoroutineJob))
        return results[0] if results else None

    def start(self, job_class: type[Job], *args: Any) -> str:
        """Push a job, and return its id."""
        (job_id,) = push(self._store, job_class=registry.name_of(job_class), args=list(args))
        return job_id

    def is_over(self, job_id: str) -> bool:
        """Tell whether a run of a job has ended."""
        return any(event.payload.id == job_id for event in self.ended)

    def wait(self, job_id: str) -> None:
        """Wait until a run of a job has ended."""
        wait_until(lambda: self.is_over(job_id))


@contextmanager
def desk(store, worker_settings) -> Iterator[Desk]:
    """Open a desk for a block, and close what its threads have opened.

    The thread of coroutines is the same for all tests of a process, so it starts with none.
    """
    SyncToAsync.single_thread_executor.submit(_forget_all).result()
    with running(make_worker(replace(worker_settings, concurrency=1))) as worker:
        opened = Desk(store, worker)
        subscribe(JobEnded, at_once=True)(opened.ended.append)
        try:
            yield opened
        finally:
            if not worker.crew.stops.is_worker_stopping:
                opened.run(connections.close_all)
            SyncToAsync.single_thread_executor.submit(_forget_all).result()
            unsubscribe(opened.ended.append)


def _forget_all() -> None:
    """Close all connections of this thread, also those that are in a block.

    Such a one would refuse to work for the next test.
    """
    for opened in connections.all(initialized_only=True):
        opened.close()
        del connections[opened.alias]


def session() -> Any:
    """Ask the database something, and return the connection of its driver."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return connection.connection


def is_open(raw: Any) -> bool:
    """Tell whether the connection of a driver still answers."""
    try:
        raw.cursor().execute("SELECT 1")
    except Exception:  # noqa: BLE001  # each driver has an error of its own
        return False
    return True


def hang_up(raw: Any) -> None:
    """Have the server end a session, as a restart does.

    It is asked by the connection to another database of the same server.
    """
    pid = raw.info.backend_pid
    with connections["fake_services"].cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    wait_until(lambda: not _has_session(pid))


def _has_session(pid: int) -> bool:
    with connections["fake_services"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [pid])
        return bool(cursor.fetchone()[0])
