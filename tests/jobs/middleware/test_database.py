"""Database manners of a job.

It leaves its thread's connections in order, and opens none that it does not need.
"""

import asyncio
import contextvars
import logging
import threading

import pytest
from asgiref.sync import SyncToAsync, ThreadSensitiveContext, async_to_sync, sync_to_async
from django.db import connection, connections, transaction

from jobs import Job, Middleware, TimeLimitExceeded, databases
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


@pytest.fixture(autouse=True)
def _unknown_thread(monkeypatch):
    """Here it is the main thread in some tests, and another one in others."""
    monkeypatch.setattr(shared_thread, "number", None)


@pytest.fixture
def run():
    """Return a function that runs code as a job."""
    chain = MiddlewareChain([DatabaseMiddleware()])
    return lambda perform: chain.perform(on_worker(), perform)


def query(alias="default"):
    with connections[alias].cursor() as cursor:
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


@pytest.mark.parametrize("is_in_block", [False, True])
def test_connection_of_a_thread_that_was_struck_is_not_used_again(run, caplog, is_in_block):
    """It may have been struck before an answer, or while it entered a block."""
    seen = []

    def perform(guard):
        query()
        connection.close_at = None  # it is to be kept
        seen.append(connection.connection)
        if is_in_block:
            transaction.atomic().__enter__()
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

    [line] = caplog.messages
    assert line.startswith(f"job.transaction_rolled_back id= database={alias}")
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
    asyncio.run(work())


class OwnThread(Middleware):
    """Gives each coroutine a thread of its own for what it asks."""

    async def aperform(self, job, call_next):
        async with ThreadSensitiveContext():
            return await call_next()


def test_thread_that_a_coroutine_has_for_itself_is_tidied_up(monkeypatch, caplog):
    threads = []

    def leave_open():
        threads.append(threading.current_thread())
        transaction.atomic().__enter__()
        query()

    chain = MiddlewareChain([OwnThread(), DatabaseMiddleware()])
    monkeypatch.setattr(shared_thread, "number", 7)
    with caplog.at_level(logging.ERROR, "jobs"):
        asyncio.run(chain.aperform(on_worker(), sync_to_async(leave_open)))

    assert "job.transaction_rolled_back" in caplog.text
    assert shared_thread.number == 7
    assert threads[0] is not threading.current_thread()


def test_coroutine_that_asks_nothing_in_a_thread_of_its_own_starts_none(monkeypatch):
    started = []

    async def rest():
        context = SyncToAsync.thread_sensitive_context.get()
        started.append(context in SyncToAsync.context_to_thread_executor)

    chain = MiddlewareChain([OwnThread(), DatabaseMiddleware()])
    asyncio.run(chain.aperform(on_worker(), rest))

    assert started == [False]


def test_second_run_of_a_job_leaves_the_transaction_of_the_first_alone(caplog):
    """It may be recovered while it still runs."""
    chain = MiddlewareChain([DatabaseMiddleware()])
    seen = []

    async def rest():
        """Ask for nothing."""

    async def perform():
        atomic = transaction.atomic()
        await sync_to_async(atomic.__enter__)()
        await chain.aperform(on_worker(), rest)
        seen.append(await sync_to_async(lambda: connection.in_atomic_block)())
        await sync_to_async(atomic.__exit__)(None, None, None)

    with caplog.at_level(logging.ERROR, "jobs"):
        async_to_sync(chain.aperform)(on_worker(), perform)

    assert seen == [True]
    assert caplog.messages == []


@pytest.mark.parametrize("is_usable", [True, False])
def test_shared_connection_that_had_an_error_is_tried_once(monkeypatch, is_usable):
    chain = MiddlewareChain([DatabaseMiddleware()])
    tries, seen = [], []

    def try_it(self):
        tries.append(self.connection)
        return is_usable

    async def rest():
        """Ask for nothing."""

    def have_error():
        query()
        connection.errors_occurred = True

    async def perform():
        await sync_to_async(have_error)()
        await chain.aperform(on_worker(), rest)
        seen.append(await sync_to_async(lambda: connection.connection is not None)())

    monkeypatch.setattr(type(connections["default"]), "is_usable", try_it)
    async_to_sync(chain.aperform)(on_worker(), perform)

    assert seen == [is_usable]
    assert len(tries) == 1


def test_coroutine_that_is_thrown_away_waits_for_nobody_and_the_next_tidies_up(caplog):
    chain = MiddlewareChain([DatabaseMiddleware()])

    async def leave_open(has_begun):
        await sync_to_async(transaction.atomic().__enter__)()
        has_begun.set()
        await asyncio.sleep(10)

    async def work():
        has_begun = asyncio.Event()
        task = asyncio.create_task(chain.aperform(on_worker(), lambda: leave_open(has_begun)))
        await has_begun.wait()
        contextvars.Context().run(task.get_coro().close)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await chain.aperform(on_worker(), sync_to_async(query)) == 1
        assert not await sync_to_async(lambda: connection.in_atomic_block)()

    with caplog.at_level(logging.ERROR, "jobs"):
        async_to_sync(work)()

    [line] = caplog.messages
    assert line.startswith("job.transaction_rolled_back")


@pytest.mark.parametrize("is_open", [True, False])
def test_connection_that_cannot_be_closed_fails_no_job_and_keeps_no_other(run, caplog, is_open):
    def perform():
        for alias in ("default", "fake_services"):
            query(alias)
            connections[alias].close_at = 0
        if is_open:
            transaction.atomic().__enter__()
        broken.append(connections["default"])
        vars(broken[0])["close"] = fail
        return "well"

    def fail():
        raise RuntimeError("no")

    broken: list = []
    with caplog.at_level(logging.WARNING, "jobs"):
        assert run(perform) == "well"

    assert connections["fake_services"].connection is None
    assert connections["default"] is not broken[0]
    assert "handler.failed handler=DATABASES.default error=RuntimeError" in caplog.text
    del vars(broken[0])["close"]
    broken[0].close()


def test_error_of_a_job_finds_what_it_has_opened_by_half(run, monkeypatch):
    """Nobody has said that the thread has opened a database."""

    def fail(self):
        raise RuntimeError("no role")

    connection.close()
    monkeypatch.setattr(type(connections["default"]), "init_connection_state", fail)
    monkeypatch.setattr(databases.here, "may_have_opened", False)
    with pytest.raises(RuntimeError, match="no role"):
        run(query)

    assert connection.connection is None
