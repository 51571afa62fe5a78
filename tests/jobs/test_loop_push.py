"""Pushing from coroutines: the event loop sends, and threads are asked for little."""

import asyncio
import os
import threading
import time
from contextlib import suppress

import pytest
from asgiref.sync import sync_to_async
from redis.connection import Connection
from redis.exceptions import TimeoutError as RedisTimeout

from jobs import Job, StoreUnavailable, Unique, loop_push
from jobs.events import JobEnqueued, subscribe, unsubscribe
from jobs.store import Store
from tests.jobs.enqueued import payloads
from tests.waiting import wait_until


class LoopJob(Job):
    def perform(self, word: str) -> None:
        pass


class OnceJob(Job):
    unique = Unique()

    def perform(self, word: str) -> None:
        pass


def words(store: Store) -> list[str]:
    return [payload.args[0] for payload in payloads(store)]


def run(coroutine):
    """Run a coroutine when a first push has prepared the client."""

    asyncio.run(after_the_first(coroutine))


async def after_the_first(coroutine):
    await LoopJob.aenqueue("first")
    return await coroutine()


def is_answering(store: Store) -> bool:
    with suppress(RedisTimeout):
        return bool(store.client.ping())
    return False


def test_thread_of_the_orm_is_free_while_redis_does_not_answer(store):
    async def push():
        store.client.client_pause(400)
        pushing = asyncio.ensure_future(LoopJob.aenqueue("a"))
        await asyncio.sleep(0)
        await sync_to_async(lambda: None)()
        assert not pushing.done()
        await pushing

    run(push)

    assert words(store) == ["first", "a"]


def test_push_at_once_asks_no_thread_where_no_middleware_looks(store, settings):
    settings.JOBS = {**settings.JOBS, "MIDDLEWARE": []}

    async def push():
        gate = threading.Event()
        held = asyncio.ensure_future(sync_to_async(gate.wait)(10))
        await asyncio.sleep(0)
        await LoopJob.using(commit="immediate").aenqueue("a")
        assert not held.done()
        gate.set()
        await held

    run(push)

    assert words(store) == ["first", "a"]


def test_answer_that_is_late_makes_no_second_job(store):
    async def push():
        store.client.client_pause(700)  # longer than half of ENQUEUE_TIMEOUT, so it is sent again
        started = time.monotonic()
        await LoopJob.aenqueue("a")
        assert time.monotonic() - started > 0.5

    run(push)

    assert words(store) == ["first", "a"]


def test_many_at_a_time_all_come_in_once(store, settings):
    settings.JOBS = {**settings.JOBS, "ENQUEUE_TIMEOUT": 30}  # a busy machine is no fault

    async def push():
        await asyncio.gather(*[LoopJob.aenqueue(str(number)) for number in range(200)])

    run(push)

    assert sorted(words(store)) == sorted(["first", *map(str, range(200))])


def test_no_connection_is_opened_by_the_event_loop(store, settings, monkeypatch):
    settings.JOBS = {**settings.JOBS, "ENQUEUE_TIMEOUT": 30}  # a busy machine is no fault
    opened_in: list[threading.Thread] = []
    connect = Connection.connect

    def note(connection):
        opened_in.append(threading.current_thread())
        connect(connection)

    async def push():
        monkeypatch.setattr(Connection, "connect", note)
        at_once = LoopJob.using(commit="immediate")
        await asyncio.gather(*[at_once.aenqueue(str(number)) for number in range(300)])

    run(push)

    assert opened_in
    assert threading.main_thread() not in opened_in


def test_all_learn_soon_that_redis_does_not_answer(store, settings):
    settings.JOBS = {**settings.JOBS, "ENQUEUE_TIMEOUT": 0.5}

    async def push():
        store.client.client_pause(4000)
        started = time.monotonic()
        at_once = LoopJob.using(commit="immediate")
        pushes = [at_once.aenqueue(str(number)) for number in range(100)]
        errors = await asyncio.gather(*pushes, return_exceptions=True)
        assert {type(error) for error in errors} == {StoreUnavailable}
        return time.monotonic() - started

    spent = asyncio.run(after_the_first(push))

    assert spent < 2.5  # and not 0.5 for each round of as many as there are threads
    wait_until(lambda: is_answering(store))


def test_pushes_of_the_parent_take_no_room_in_a_forked_child():
    with loop_push._underway.counted():
        child = os.fork()
        if not child:
            os._exit(loop_push._underway._count)
        _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0


def test_connection_that_broke_while_idle_is_no_hindrance(store):
    async def push():
        store.client.client_kill_filter(_type="normal", skipme=True)
        await LoopJob.aenqueue("a")
        await LoopJob.aenqueue("b")

    run(push)

    assert words(store) == ["first", "a", "b"]


def test_cancelled_push_leaves_no_answer_for_the_next(store):
    async def push():
        store.client.client_pause(300)
        pushing = asyncio.ensure_future(LoopJob.using(commit="immediate").aenqueue("a"))
        await asyncio.sleep(0.05)
        pushing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await pushing
        other = await OnceJob.aenqueue("x")
        again = await OnceJob.aenqueue("x")
        assert (again.id, again.is_duplicate) == (other.id, True)
        await LoopJob.aenqueue("b")

    run(push)

    assert set(words(store)) >= {"first", "b"}


def test_who_hears_of_a_push_may_ask_the_database(store):
    heard_in: list[threading.Thread] = []

    def hear(event):
        heard_in.append(threading.current_thread())

    async def push():
        await LoopJob.aenqueue("a")

    subscribe(JobEnqueued)(hear)
    try:
        run(push)
    finally:
        unsubscribe(hear)

    assert len(heard_in) == 2
    assert threading.main_thread() not in heard_in
