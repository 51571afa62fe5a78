"""The one connection of all coroutines, and what they leave for each other."""

import asyncio
import logging
import threading
from functools import partial

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import OperationalError, connection, connections, transaction

from tests.jobs.worker.code_jobs import CODE, begin_anew
from tests.jobs.worker.made_jobs import payload_of, place_of
from tests.jobs.worker.sessions import CodeCoroutineJob, desk, is_open, session
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)

RELEASED = threading.Event()


@pytest.fixture(autouse=True)
def clean_slate():
    begin_anew()
    RELEASED.clear()
    yield
    RELEASED.set()


@pytest.fixture
def at(configure, store, worker_settings):
    configure(CONN_MAX_AGE=None)
    with desk(store, worker_settings) as opened:
        opened.arun(sync_to_async(forget_connection))
        yield opened
        RELEASED.set()


def forget_connection():
    """Let the next connection of this thread be one that nobody knows."""
    connections["default"].close()
    del connections["default"]


def leave_open():
    transaction.atomic().__enter__()
    Group.objects.create(name="left open")


def names():
    return set(Group.objects.values_list("name", flat=True))


async def fail():
    raise ZeroDivisionError


def start_neighbour(at):
    """Start a coroutine that runs until the test releases it."""

    async def perform(job, *args):
        await asyncio.to_thread(RELEASED.wait, 10)

    CODE["aperform"] = perform
    at.start(CodeCoroutineJob)
    wait_until(at.worker.crew.loop.running)


async def enter_by_a_call_in_the_loop():
    await sync_to_async(leave_open)()


@pytest.mark.parametrize("has_neighbour", [False, True])
class TestUnknownOwner:
    """Transactions that were left open on a connection that no coroutine has opened."""

    def test_connection_that_a_hook_has_opened(self, at, caplog, has_neighbour):
        CODE["retry_in"] = lambda attempt, error: session() and None
        at.arun(fail)
        if has_neighbour:
            start_neighbour(at)
        with caplog.at_level(logging.ERROR, "jobs"):
            at.arun(sync_to_async(leave_open))
            at.arun(lambda: sync_to_async(Group.objects.create)(name="next"))

        assert names() == {"next"}
        assert "job.transaction_rolled_back" in caplog.text

    def test_event_loop_of_a_job_in_a_thread(self, at, caplog, has_neighbour):
        if has_neighbour:
            start_neighbour(at)
        at.run(lambda: asyncio.run(enter_by_a_call_in_the_loop()))
        with caplog.at_level(logging.ERROR, "jobs"):
            at.arun(lambda: sync_to_async(Group.objects.create)(name="next"))

        assert names() == {"next"}
        assert "job.transaction_rolled_back database=default" in caplog.text


def stop(at, job_id):
    at.worker.crew.stops.is_worker_stopping = True
    at.worker.crew.loop.cancel_all()


def cancel(at, job_id):
    at.worker.crew.cancel(job_id, lambda: None)


def cancel_all_tasks(at, job_id):
    """Do what a job may do to all others."""
    loop = at.worker.crew.loop._loop
    loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])


class TestCancellation:
    """A cancellation while a coroutine waits for the tidying up."""

    @pytest.fixture
    def late(self, at):
        """Return a function that runs a job while the shared thread is busy."""

        def start(error=None):
            async def perform(job, *args):
                await sync_to_async(leave_open)()
                job.task = asyncio.create_task(sync_to_async(RELEASED.wait)(10))
                await asyncio.sleep(0)
                has_ended.set()
                if error is not None:
                    raise error

            has_ended = threading.Event()
            CODE["aperform"] = perform
            job_id = at.start(CodeCoroutineJob)
            assert has_ended.wait(10)
            for _ in range(3):  # until the job has ended, and waits for the thread
                turn(at)
            assert not at.is_over(job_id)
            return job_id

        return start

    @pytest.mark.parametrize("interrupt", [stop, cancel, cancel_all_tasks])
    def test_job_that_is_done_stays_done(self, at, store, late, interrupt, caplog):
        job_id = late()

        with caplog.at_level(logging.ERROR, "jobs"):
            interrupt(at, job_id)
            at.wait(job_id)  # it does not wait for the thread any more
            wait_until(lambda: place_of(store, job_id) is None)
            RELEASED.set()
            wait_until(lambda: names() == set())

        ends = [event.name for event in at.ended if event.payload.id == job_id]
        assert ends == ["job.done"]

    @pytest.mark.parametrize("interrupt", [stop, cancel_all_tasks])
    def test_job_that_failed_has_failed(self, at, store, late, interrupt):
        job_id = late(ValueError("no"))

        interrupt(at, job_id)
        turn(at)
        RELEASED.set()
        at.wait(job_id)

        wait_until(lambda: place_of(store, job_id) == "retry")
        assert [each["class"] for each in payload_of(store, job_id).errors] == ["ValueError"]
        assert payload_of(store, job_id).interruptions == 0

    def test_job_that_has_not_begun_goes_back(self, at, store):
        at.arun(sync_to_async(session))
        loop = at.worker.crew.loop._loop
        asyncio.run_coroutine_threadsafe(sync_to_async(RELEASED.wait)(10), loop)
        begun = []

        async def perform(job, *args):
            begun.append(job.job_id)

        CODE["aperform"] = perform
        job_id = at.start(CodeCoroutineJob)
        wait_until(lambda: any(r.unit.id == job_id for r in at.worker.crew.loop.running()))
        turn(at)
        at.worker.buffer.gate.close()  # else it would be taken again
        stop(at, job_id)
        turn(at)
        RELEASED.set()

        wait_until(lambda: place_of(store, job_id) == "ready")
        assert begun == []


def turn(at):
    """Let the event loop of the worker turn once."""
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), at.worker.crew.loop._loop).result(5)


@pytest.mark.parametrize("error", [RuntimeError("no role"), OperationalError("no role")])
@pytest.mark.parametrize("kind", ["thread", "coroutine", "thread of a coroutine"])
def test_connection_that_failed_while_it_was_opened_is_not_used(at, monkeypatch, kind, error):
    def init(self):
        halves.append(self.connection)
        raise error

    def run(call):
        if kind == "thread":
            return at.run(call)
        if kind == "coroutine":
            return at.arun(sync_to_async(call))
        return at.arun(partial(asyncio.to_thread, call))

    halves: list[object] = []
    run(connections.close_all)
    with monkeypatch.context() as patch:
        patch.setattr(type(connections["default"]), "init_connection_state", init)
        run(session)
    raw = run(session)
    run(connections.close_all)

    assert len(halves) == 1
    assert raw is not halves[0]
    assert not is_open(halves[0])


class TestManualCommits:
    """AUTOCOMMIT is False."""

    @pytest.fixture
    def at(self, configure, at):
        configure(AUTOCOMMIT=False)
        at.arun(sync_to_async(forget_connection))
        at.run(connections.close_all)
        return at

    @pytest.mark.parametrize("kind", ["thread", "coroutine"])
    def test_next_job_does_not_commit_what_is_not_its_own(self, at, caplog, kind):
        def left():
            Group.objects.create(name="left")
            return connection.connection

        def commit():
            Group.objects.create(name="next")
            transaction.commit()
            return connection.connection

        def run(call):
            return at.run(call) if kind == "thread" else at.arun(sync_to_async(call))

        with caplog.at_level(logging.ERROR, "jobs"):
            first, second = run(left), run(commit)

        assert names() == {"next"}
        assert first is second  # it is healthy, and stays
        assert caplog.messages == []

    def test_what_a_neighbour_has_not_yet_committed_is_left_to_it(self, at):
        async def perform(job, role):
            if role == "neighbour":
                return
            await sync_to_async(Group.objects.create)(name="slow")
            job_id = at.start(CodeCoroutineJob, "neighbour")
            while not at.is_over(job_id):  # noqa: ASYNC110  # Redis is asked, which has no event
                await asyncio.sleep(0.005)
            await sync_to_async(transaction.commit)()

        CODE["aperform"] = perform
        at.wait(at.start(CodeCoroutineJob, "slow"))

        assert names() == {"slow"}
