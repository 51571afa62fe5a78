"""Database manners of a job.

It leaves its thread's connections in order, and opens none that it does not need.
"""

import asyncio
import logging
import threading

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection, connections, transaction

from jobs import Job, TimeLimitExceeded, databases
from jobs.middleware import database
from jobs.middleware.chain import MiddlewareChain
from jobs.middleware.database import DatabaseMiddleware
from jobs.middleware.openings import shared_thread
from jobs.shield import InterruptGuard, call_open
from jobs.worker.stops import Stops

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)


class TidyJob(Job):
    def perform(self):
        """Do nothing."""


def on_worker():
    return TidyJob(stops=Stops())


@pytest.fixture
def run():
    """Return a function that runs code as a job."""
    chain = MiddlewareChain([DatabaseMiddleware()])
    return lambda perform: chain.perform(on_worker(), perform)


def query():
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()[0]


def test_job_may_use_the_database(run):
    assert run(query) == 1


def test_job_that_uses_no_database_opens_no_connection(run):
    query()
    connection.close()

    run(lambda: None)

    assert connection.connection is None


def test_connection_past_its_age_is_closed_before_the_job(run, settings):
    query()
    connection.close_at = 0

    seen = run(lambda: connection.connection)

    assert seen is None


def test_connection_past_its_age_is_closed_after_the_job(run):
    def perform():
        query()
        connection.close_at = 0

    run(perform)

    assert connection.connection is None


def test_connection_of_good_age_is_kept(run):
    query()
    connection.close_at = None
    before = connection.connection

    run(query)

    assert connection.connection is before


def test_connection_of_a_thread_that_was_struck_is_not_used_again(run, caplog):
    """It may have been struck between a query and its answer."""
    seen = []

    def perform(guard):
        query()
        connection.close_at = None  # it is to be kept
        seen.append(connection.connection)
        assert guard.interrupt(TimeLimitExceeded)
        for _ in range(100):
            query()

    def work():
        guard = InterruptGuard()
        guard.adopt()
        with pytest.raises(TimeLimitExceeded):
            run(lambda: call_open(perform, [guard]))
        seen.append(query())
        connection.close_at = None
        seen.append(connection.connection)
        run(lambda: call_open(query))
        seen.append(connection.connection)
        connections.close_all()

    with caplog.at_level(logging.ERROR, "jobs"):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    before, answer, after, last = seen
    assert answer == 1
    assert before is not after
    assert last is after
    assert caplog.messages == []


@pytest.mark.parametrize("alias", ["default", "fake_services"])
def test_block_left_open_is_rolled_back_and_reported(run, caplog, alias):
    def perform():
        transaction.atomic(using=alias).__enter__()
        with connections[alias].cursor() as cursor:
            cursor.execute("CREATE TABLE left_open (id integer)")

    with caplog.at_level(logging.ERROR, "jobs"):
        run(perform)

    assert caplog.messages == [f"job.transaction_rolled_back id= database={alias}"]
    assert "left_open" not in connections[alias].introspection.table_names()


def test_next_job_of_the_thread_works_after_a_block_left_open(run):
    run(lambda: transaction.atomic().__enter__())

    def perform():
        with transaction.atomic():
            return query()

    assert run(perform) == 1
    assert not connection.in_atomic_block


def test_autocommit_left_off_is_rolled_back_and_reported(run, caplog):
    with caplog.at_level(logging.ERROR, "jobs"):
        run(lambda: transaction.set_autocommit(False))

    assert "job.transaction_rolled_back" in caplog.text
    assert transaction.get_autocommit()


def test_error_of_the_job_passes_through_the_tidying(run):
    def perform():
        transaction.atomic().__enter__()
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        run(perform)

    assert not connection.in_atomic_block


def test_connections_of_the_caller_of_perform_now_are_left_alone(caplog):
    query()
    connection.close_at = 0

    with caplog.at_level(logging.ERROR, "jobs"), transaction.atomic():
        TidyJob.perform_now()

        assert connection.in_atomic_block
    assert connection.connection is not None
    assert caplog.messages == []


def test_coroutine_closes_what_is_too_old():
    query()
    connection.close_at = 0
    seen = []

    async def perform():
        seen.append(connection.connection)

    async_to_sync(MiddlewareChain([DatabaseMiddleware()]).aperform)(on_worker(), perform)

    assert connection.connection is None
    assert len(seen) == 1


def test_coroutines_ask_no_other_thread_before_one_has_opened_a_database(monkeypatch):
    chain = MiddlewareChain([DatabaseMiddleware()])
    tidied, tidy_up = [], database._tidy_up_shared

    def note(others, *, has_failed=False):
        tidied.append(threading.get_ident())
        tidy_up(others, has_failed=has_failed)

    async def rest():
        """Ask for nothing."""

    async def ask():
        await sync_to_async(query)()
        await sync_to_async(lambda: setattr(connection, "close_at", 0))()

    async def work():
        for _ in range(5):
            await chain.aperform(on_worker(), rest)
        assert len(tidied) == 1  # to learn which thread it is
        await chain.aperform(on_worker(), ask)
        assert len(tidied) == 2
        assert await sync_to_async(lambda: connection.connection is None)()
        await chain.aperform(on_worker(), rest)
        assert len(tidied) == 4
        assert len(set(tidied)) == 1

    monkeypatch.setattr(database, "_tidy_up_shared", note)
    monkeypatch.setattr(databases, "_threads", set())
    shared_thread.forget()
    asyncio.run(work())
