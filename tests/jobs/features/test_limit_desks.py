"""One contract for locks in Redis and in the memory of a test."""

import asyncio
import threading
import time

import pytest

import jobs
from jobs.features.limits.desks import MemorySlots, switch
from jobs.testing import mode
from tests.waiting import wait_until


@pytest.fixture(params=["real", "fake"], autouse=True)
def desk(request):
    """Keep the slots where this mode keeps them, and return those of one limit."""
    with mode(request.param):
        yield switch.current("gateway")


# The desk


def test_fences_grow(desk):
    assert [desk.acquire(token, 3, 60) for token in "abc"] == [1, 2, 3]


def test_slot_that_was_given_back_is_free(desk):
    desk.acquire("a", 1, 60)
    assert desk.acquire("b", 1, 60) == 0

    desk.release("a")
    desk.release("a")

    assert desk.acquire("b", 1, 60) == 2


def test_attempt_that_is_sent_again_takes_no_second_slot(desk):
    first, again = desk.acquire("a", 2, 60), desk.acquire("a", 2, 60)

    assert again > first
    assert desk.acquire("b", 2, 60)
    assert not desk.acquire("c", 2, 60)


def test_shorter_lease_of_another_holder_frees_no_slot(desk):
    desk.acquire("long", 2, 60)
    desk.acquire("short", 2, 0.05)

    wait_until(lambda: desk.acquire("second", 2, 60))  # the short lease is over

    assert desk.acquire("third", 2, 60) == 0


def test_renewal_counts_from_now(desk):
    desk.acquire("a", 1, 60)

    assert desk.extend("a", 0.05)

    wait_until(lambda: desk.acquire("b", 1, 60))


def test_lease_that_ran_out_is_not_extended(desk):
    desk.acquire("a", 1, 0.05)
    wait_until(lambda: desk.acquire("b", 1, 0.05))

    assert not desk.extend("a", 60)
    wait_until(lambda: desk.acquire("c", 1, 60))


def test_one_name_is_one_limit(desk):
    desk.acquire("a", 1, 60)

    assert switch.current("gateway").acquire("b", 1, 60) == 0
    assert switch.current("other").acquire("b", 1, 60) == 1


# Locks and limits that use it


def test_lock_is_held_by_one_at_a_time_and_free_after_an_error():
    with (
        jobs.lock("report"),
        pytest.raises(jobs.LockNotAcquired, match="'report' is held"),
        jobs.lock("report"),
    ):
        pass
    with pytest.raises(ZeroDivisionError), jobs.lock("report"):
        raise ZeroDivisionError

    with jobs.lock("report") as held:
        assert held.fence == 3


def test_limit_admits_as_many_as_it_has_slots():
    with jobs.limit("gateway", 2), jobs.limit("gateway", 2), pytest.raises(jobs.LimitExceeded):
        jobs.limit("gateway", 2).__enter__()

    with jobs.limit("gateway", 2):
        pass


def test_waiting_for_a_lock_gets_it_when_another_thread_leaves_it():
    held = jobs.lock("report")
    held.__enter__()
    threading.Timer(0.1, held.__exit__, (None, None, None)).start()

    with jobs.lock("report", wait=5) as second:
        assert second.fence == 2


def test_lease_is_renewed_while_the_lock_is_held():
    with jobs.lock("report", lease=1.5) as held:
        end = time.monotonic() + 2.0
        wait_until(lambda: time.monotonic() > end)
        held.check()

        with pytest.raises(jobs.LockNotAcquired), jobs.lock("report"):
            pass


def test_lease_that_nobody_renews_is_lost(desk, monkeypatch):
    monkeypatch.setattr(type(desk), "extend", lambda *args: False)

    with jobs.lock("report", lease=0.1) as first, jobs.lock("report", wait=5) as second:
        assert second.fence > first.fence
        with pytest.raises(jobs.LockLost, match="somebody else"):
            first.check()


def test_many_threads_never_hold_more_than_the_limit():
    inside, most = [], []

    def enter():
        with jobs.limit("gateway", 3, wait=10):
            inside.append(1)
            most.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=enter) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len(most) == 12
    assert max(most) <= 3


def test_coroutine_waits_for_a_lock_and_lets_others_run():
    fences, other_ran = [], []

    async def hold(until):
        async with jobs.lock("report", wait=5) as held:
            fences.append(held.fence)
            await until.wait()

    async def main():
        until = asyncio.Event()

        async def other():
            other_ran.append(True)
            until.set()

        await asyncio.gather(hold(until), hold(until), other())

    asyncio.run(main())

    assert (sorted(fences), other_ran) == ([1, 2], [True])


def test_coroutine_that_is_cancelled_while_it_waits_leaves_nothing_locked():
    async def wait_for_it():
        async with jobs.lock("report", wait=60):
            pytest.fail("somebody else holds it")

    async def main():
        with jobs.lock("report"):
            task = asyncio.create_task(wait_for_it())
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())

    with jobs.lock("report", wait=5):
        pass


def test_modes_that_need_no_redis_begin_with_free_locks(store):
    for name in ("fake", "inline"):
        with mode("real"), jobs.lock("report"), mode(name), jobs.lock("report") as held:
            assert type(switch.current("report")) is MemorySlots
            assert held.fence == 1
