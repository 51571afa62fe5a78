"""What jobs of a worker find of database connections, and what they leave."""

import asyncio
import logging
from functools import partial

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import connection, connections, transaction

from jobs import databases
from tests.jobs.worker.code_jobs import CODE, begin_anew
from tests.jobs.worker.made_jobs import stat
from tests.jobs.worker.sessions import (
    CodeCoroutineJob,
    desk,
    hang_up,
    is_open,
    needs_postgresql,
    session,
)

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)


@pytest.fixture(autouse=True)
def clean_slate():
    begin_anew()


@pytest.fixture
def at(configure, store, worker_settings):
    with desk(store, worker_settings) as opened:
        yield opened


@pytest.fixture
def pooled(configure):
    """Give the database a pool of one connection."""
    pool = {"min_size": 1, "max_size": 1, "timeout": 5}
    configure(OPTIONS={**connections.settings["default"]["OPTIONS"], "pool": pool})


def leave_open():
    transaction.atomic().__enter__()
    Group.objects.create(name="left open")


def leave_autocommit_off():
    transaction.set_autocommit(False)


def names():
    return set(Group.objects.values_list("name", flat=True))


@pytest.mark.parametrize(("age", "is_kept"), [(0, False), (60, True), (None, True)])
def test_connection_is_kept_from_job_to_job_as_its_age_says(configure, at, age, is_kept):
    configure(CONN_MAX_AGE=age)

    first, second = at.run(session), at.run(session)

    assert (first is second) == is_kept
    assert is_open(second) == is_kept


def test_job_after_one_that_left_a_transaction_open_writes_for_good(at, caplog):
    with caplog.at_level(logging.ERROR, "jobs"):
        at.run(leave_open)
        at.run(partial(Group.objects.create, name="next"))

    assert names() == {"next"}
    assert "job.transaction_rolled_back" in caplog.text


@pytest.mark.parametrize("leave", [leave_open, leave_autocommit_off])
def test_line_that_opened_a_transaction_is_told(at, caplog, leave):
    with caplog.at_level(logging.ERROR, "jobs"):
        at.run(leave)

    [line] = caplog.messages
    number = leave.__code__.co_firstlineno + 1
    assert line.endswith(f" database=default opened_at={__file__}:{number}")


def test_transaction_that_a_hook_left_open_harms_no_later_job(at, caplog, store):
    CODE["retry_in"] = lambda attempt, error: leave_open()
    with caplog.at_level(logging.ERROR, "jobs"):
        at.run(lambda: 1 / 0)
        at.run(partial(Group.objects.create, name="next"))

    assert names() == {"next"}
    assert "job.transaction_rolled_back database=default opened_at=" in caplog.text


class TestCoroutines:
    def test_all_share_one_connection_that_is_closed_after_them(self, at):
        raws = [at.arun(sync_to_async(session)) for _ in range(3)]

        assert not any(map(is_open, raws))

    @pytest.mark.parametrize(
        "ask", [asyncio.to_thread, lambda call: sync_to_async(call, thread_sensitive=False)()]
    )
    def test_threads_that_a_coroutine_asks_keep_no_connection(self, at, ask):
        raw = at.arun(lambda: ask(session))

        assert not is_open(raw)

    @pytest.mark.parametrize("ask", [asyncio.to_thread, lambda call: sync_to_async(call)()])
    def test_transaction_left_open_is_rolled_back_and_traced(self, at, caplog, ask):
        with caplog.at_level(logging.ERROR, "jobs"):
            at.arun(lambda: ask(leave_open))
            at.arun(lambda: ask(partial(Group.objects.create, name="next")))

        assert names() == {"next"}
        [line] = [each for each in caplog.messages if "job.transaction_rolled_back" in each]
        number = leave_open.__code__.co_firstlineno + 1
        assert line.endswith(f" database=default opened_at={__file__}:{number}")

    def test_transaction_that_a_hook_left_open_harms_no_later_one(self, at, caplog):
        CODE["retry_in"] = lambda attempt, error: leave_open()
        with caplog.at_level(logging.ERROR, "jobs"):
            at.arun(fail)
            at.arun(lambda: sync_to_async(Group.objects.create)(name="next"))

        assert names() == {"next"}
        assert "job.transaction_rolled_back database=default opened_at=" in caplog.text

    def test_transaction_of_another_that_still_runs_is_left_alone(self, at, caplog):
        async def perform(job, role):
            if role == "neighbour":
                return
            atomic = transaction.atomic()
            await sync_to_async(atomic.__enter__)()
            await sync_to_async(Group.objects.create)(name="slow")
            await run_neighbour(at)
            await sync_to_async(atomic.__exit__)(None, None, None)

        CODE["aperform"] = perform
        with caplog.at_level(logging.ERROR, "jobs"):
            at.wait(at.start(CodeCoroutineJob, "slow"))

        assert names() == {"slow"}
        assert caplog.messages == []

    def test_rows_go_on_when_a_neighbour_ends_meanwhile(self, at, store):
        """The connection is too old at once, and both share it."""
        Group.objects.bulk_create(Group(name=name) for name in "abc")
        found = []

        async def perform(job, role):
            if role == "neighbour":
                await Group.objects.acount()
                return
            async for group in Group.objects.order_by("name").aiterator(chunk_size=1):
                found.append(group.name)
                await run_neighbour(at)

        CODE["aperform"] = perform
        at.wait(at.start(CodeCoroutineJob, "reader"))

        assert found == ["a", "b", "c"]


async def fail():
    await sync_to_async(session)()
    raise ZeroDivisionError


async def run_neighbour(at):
    job_id = at.start(CodeCoroutineJob, "neighbour")
    while not at.is_over(job_id):  # noqa: ASYNC110  # Redis is asked, which has no event
        await asyncio.sleep(0.005)


@needs_postgresql
class TestServer:
    def test_server_that_hung_up_between_two_jobs_costs_neither(self, configure, at, store):
        configure(CONN_MAX_AGE=None)
        first = at.run(session)
        hang_up(first)

        second = at.run(session)

        assert second is not None
        assert second is not first

    def test_server_that_hung_up_between_two_coroutines_costs_neither(self, configure, at):
        configure(CONN_MAX_AGE=None)
        first = at.arun(sync_to_async(session))
        hang_up(first)

        assert at.arun(sync_to_async(session)) is not None

    def test_server_that_hangs_up_in_a_job_fails_that_one_alone(self, configure, at, store):
        configure(CONN_MAX_AGE=None)

        at.run(lambda: hang_up_and_ask(session()))

        assert stat(store, "failed") == 1
        assert at.run(session) is not None

    def test_health_check_is_made_once_for_each_job(self, configure, at, monkeypatch):
        configure(CONN_MAX_AGE=None, CONN_HEALTH_CHECKS=True)
        checks = []
        kind = type(connections["default"])
        is_usable = kind.is_usable

        def check(self):
            checks.append(self)
            return is_usable(self)

        monkeypatch.setattr(kind, "is_usable", check)
        at.run(session)
        assert checks == []

        at.run(lambda: (session(), session()))

        assert len(checks) == 1


def hang_up_and_ask(raw):
    hang_up(raw)
    session()


@needs_postgresql
class TestPool:
    def test_job_gives_its_connection_back(self, pooled, at):
        first, second = at.run(session), at.arun(sync_to_async(session))

        assert first is second

    def test_transaction_left_open_does_not_stay_in_the_pool(self, pooled, at, caplog):
        with caplog.at_level(logging.ERROR, "jobs"):
            at.run(leave_open)
            at.run(partial(Group.objects.create, name="next"))

        assert names() == {"next"}
        assert "job.transaction_rolled_back" in caplog.text

    def test_job_that_closes_its_connection_in_a_block_harms_no_later_job(self, pooled, at):
        def perform():
            leave_open()
            connection.close()

        at.run(perform)
        at.run(partial(Group.objects.create, name="next"))

        assert names() == {"next"}

    def test_health_checks_find_what_a_restart_has_broken(self, configure, pooled, at):
        configure(CONN_HEALTH_CHECKS=True)
        first = at.run(session)
        hang_up(first)

        assert at.run(session) is not None

    def test_no_pool_is_left_to_who_forks(self, pooled, at):
        session()
        pool = connection.pool

        databases.close_all()

        assert pool.closed
        assert connection.alias not in type(connections["default"])._connection_pools
