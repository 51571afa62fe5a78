"""Locks that end badly: a coroutine is cancelled, a job interrupted, a holder forgotten."""

import asyncio
import ctypes
import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

import jobs
from jobs import JobInterrupted, StoreUnavailable, TimeLimitExceeded
from jobs.client import get_client
from jobs.features.limits import hold as holds
from jobs.shield import InterruptGuard
from jobs.store import Slots
from jobs.uptime import CLOCK, uptime
from tests.jobs.test_locks import deadline_of_report, is_free
from tests.waiting import wait_until


async def hold(lock, until=None):
    async with lock as held:
        if until:
            await until.wait()
        return held.fence


async def turns_until(condition):
    """Let the event loop turn until the condition holds."""
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0)


def block(monkeypatch, name):
    """Make a method of Slots wait for the second event.

    When it is called, it sets the first.
    """
    is_asked, go_on, method = threading.Event(), threading.Event(), getattr(Slots, name)

    def run(*args):
        is_asked.set()
        go_on.wait(15)
        return method(*args)

    monkeypatch.setattr(Slots, name, run)
    return is_asked, go_on


def entered_by_a_call(lock, number, until):
    """Enter a lock in a call that is struck before it can leave it.

    The thread lives on, as one of a worker does.
    """
    guard, may_end = InterruptGuard(), threading.Event()

    def enter():
        lock.__enter__()
        assert until.wait(30)
        raise TimeLimitExceeded

    def work():
        guard.adopt()
        with suppress(TimeLimitExceeded):
            guard.call(enter, number=number)
        may_end.wait(30)

    thread = threading.Thread(target=work)
    thread.start()
    wait_until(lambda: lock._holds)
    return thread, may_end


@pytest.mark.parametrize(("number", "is_given_back"), [(7, True), (0, False)])
def test_lock_that_a_run_beyond_its_limit_left_behind_is_given_back(store, number, is_given_back):
    constant, until = jobs.lock("report", lease=1.5), threading.Event()
    thread, may_end = entered_by_a_call(constant, number, until)
    first = deadline_of_report(store)
    wait_until(
        lambda: deadline_of_report(store) > first
    )  # it is renewed as long as the run goes on

    until.set()
    if is_given_back:
        wait_until(is_free)
    else:
        later = deadline_of_report(store)
        wait_until(lambda: deadline_of_report(store) > later + 400)

    may_end.set()
    thread.join()


def test_lock_in_a_coroutine():
    assert asyncio.run(hold(jobs.lock("report"))) == 1
    assert is_free()


def test_coroutine_that_waits_in_vain_is_refused():
    async def wait_for_it():
        await hold(jobs.lock("report", wait=0.06))

    with jobs.lock("report"), pytest.raises(jobs.LockNotAcquired):
        asyncio.run(wait_for_it())


def test_tasks_that_share_an_object_are_different_holders():
    async def enter_in_turns():
        limit, until = jobs.limit("gateway", 2), [asyncio.Event(), asyncio.Event()]
        first = asyncio.create_task(hold(limit, until[0]))
        await turns_until(lambda: len(limit._holds) == 1)
        second = asyncio.create_task(hold(limit, until[1]))
        await turns_until(lambda: len(limit._holds) == 2)
        until[0].set()  # the older one leaves first
        fences = [await first]
        [(_, left)] = limit._holds
        left.check()
        until[1].set()
        return [*fences, await second, left.fence]

    assert asyncio.run(enter_in_turns()) == [1, 2, 2]


def test_coroutine_that_is_cancelled_while_it_waits_leaves_nothing_locked():
    async def cancel():
        with jobs.lock("report"):
            waiting = asyncio.create_task(hold(jobs.lock("report", wait=60)))
            for _ in range(5):
                await asyncio.sleep(0)
            waiting.cancel()
            with suppress(asyncio.CancelledError):
                await waiting

    asyncio.run(cancel())

    assert is_free()


def test_coroutine_that_is_cancelled_during_an_attempt_gives_back_what_it_takes(monkeypatch):
    is_asked, go_on = block(monkeypatch, "acquire")

    async def cancel():
        task = asyncio.create_task(hold(jobs.lock("report")))
        await turns_until(is_asked.is_set)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        go_on.set()

    asyncio.run(cancel())
    monkeypatch.undo()

    wait_until(is_free)


def test_coroutine_that_is_cancelled_as_the_lock_is_taken_gives_it_back(store):
    async def cancel():
        asyncio.get_running_loop().set_default_executor(_Immediate())
        task = asyncio.create_task(hold(jobs.lock("report"), asyncio.Event()))
        await asyncio.sleep(0)  # it takes the lock and has not been told
        assert deadline_of_report(store)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(cancel())

    assert is_free()


class _Immediate(ThreadPoolExecutor):
    """Runs what it is given before it returns."""

    def submit(self, function, /, *args, **kwargs):
        future = super().submit(function, *args, **kwargs)
        future.exception(5)
        return future


def test_cancelling_at_any_moment_leaves_nothing_locked():
    async def cancel(lock, turns):
        task = asyncio.create_task(hold(lock, asyncio.Event()))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def cancel_many():
        for turns in range(0, 200, 4):
            await cancel(jobs.lock("report", wait=5), turns)

    asyncio.run(cancel_many())

    wait_until(is_free)


def test_coroutine_that_is_cancelled_while_it_leaves_gives_the_lock_back():
    async def cancel():
        loop, until, is_busy = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
        loop.set_default_executor(ThreadPoolExecutor(1))
        lock = jobs.lock("report")
        task = asyncio.create_task(hold(lock, until))
        await turns_until(lambda: lock._holds)
        loop.run_in_executor(None, is_busy.wait, 5)  # giving it back has to wait for its turn
        until.set()
        for _ in range(5):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        is_busy.set()

    asyncio.run(cancel())

    assert is_free()


def interrupted(method):
    """Return a method that does its work, and then is struck by a stop."""

    def run(*args):
        method(*args)
        raise JobInterrupted

    return run


def test_stop_right_after_redis_gave_the_slot_gives_it_back(monkeypatch):
    monkeypatch.setattr(Slots, "acquire", interrupted(Slots.acquire))
    with pytest.raises(JobInterrupted), jobs.lock("report"):
        pass
    monkeypatch.undo()

    assert is_free()


def test_stop_right_before_the_renewal_begins_gives_the_slot_back(monkeypatch):
    monkeypatch.setattr(holds, "_get_renewals", interrupted(holds._get_renewals))

    with pytest.raises(JobInterrupted), jobs.lock("report"):
        pass
    monkeypatch.undo()

    assert is_free()


def test_stop_at_any_moment_leaves_no_renewal_behind(store):
    # A store of an earlier test, thrown away in one of these threads, would swallow the stop.
    gc.collect()
    for _ in range(20):
        thread = threading.Thread(target=_use_locks)
        thread.start()
        wait_until(lambda: deadline_of_report(store))
        ident, error = ctypes.c_ulong(thread.ident), ctypes.py_object(JobInterrupted)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, error)
        thread.join(15)
        assert not thread.is_alive()

    get_client.cache_clear()  # an interrupted command may leave its answer in a connection
    wait_until(is_free)


def _use_locks():
    with suppress(JobInterrupted):
        while True:
            with jobs.lock("report", lease=0.3, wait=5):
                pass


def test_lock_to_which_nobody_refers_any_more_is_left_to_expire():
    jobs.lock("report", lease=0.3).__enter__()

    wait_until(is_free)


def test_answer_that_was_lost_leaves_nothing_locked(monkeypatch):
    acquire = Slots.acquire

    def lose(*args):
        acquire(*args)
        raise StoreUnavailable("redis://away", "the connection broke")

    monkeypatch.setattr(Slots, "acquire", lose)
    with pytest.raises(StoreUnavailable), jobs.lock("report"):
        pass
    monkeypatch.undo()

    assert is_free()


def test_redis_that_is_away_at_the_end_is_no_failure(monkeypatch, caplog):
    def release(*args):
        raise StoreUnavailable("redis://away", "it sleeps")

    with jobs.lock("report", lease=0.3):
        monkeypatch.setattr(Slots, "release", release)
    monkeypatch.undo()

    [message] = caplog.messages
    assert message.startswith("lock.left_to_expire name=report error=")
    wait_until(is_free)


def test_lease_runs_out_while_the_machine_sleeps(monkeypatch):
    """The monotonic clock stands still in a suspend.

    Redis on another machine goes on, and so do other holders.
    """
    with jobs.lock("report", lease=10) as held:
        held.check()
        monkeypatch.setattr(holds, "uptime", lambda: uptime() + 10)

        with pytest.raises(jobs.LockLost, match="ran out"):
            held.check()


def test_clock_of_leases_goes_on_while_the_machine_sleeps():
    assert getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC) == CLOCK
    assert uptime() == pytest.approx(time.clock_gettime(CLOCK), abs=1)
