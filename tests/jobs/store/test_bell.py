"""The bell: sleep until there is work, somebody else calls, or the time is up."""

import threading
import time

import pytest

from jobs.errors import StoreUnavailable
from jobs.store import Store
from tests.conftest import free_port
from tests.waiting import wait_until

LONG = 20.0


@pytest.fixture
def bell(store):
    return store.bell(["q", "other"])


@pytest.fixture
def asleep(q, bell):
    """Start a thread that sleeps on the bell, and wait until it sleeps."""
    thread = threading.Thread(target=bell.wait, args=(LONG,))
    thread.start()
    wait_until(lambda: q.client.info("clients")["blocked_clients"] == 1)
    yield thread
    bell.interrupt()
    thread.join(5)


def test_push_wakes_the_sleeper(q, asleep):
    q.push("a")

    asleep.join(5)

    assert not asleep.is_alive()
    assert q.rings() == 0


def test_push_to_any_of_its_queues_wakes_the_sleeper(store, q, asleep):
    type(q)(store, "other").push("a")

    asleep.join(5)

    assert not asleep.is_alive()


def test_interrupt_wakes_the_sleeper(bell, asleep):
    bell.interrupt()

    asleep.join(5)

    assert not asleep.is_alive()


def test_bell_that_rang_before_is_heard(q, bell):
    q.push("a")
    started = time.monotonic()

    bell.wait(LONG)

    assert time.monotonic() - started < LONG / 2
    assert q.rings() == 0


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.03])
def test_sleep_ends_when_the_time_is_up(q, bell, seconds):
    for _ in range(20):
        started = time.monotonic()
        bell.wait(seconds)
        assert time.monotonic() - started < seconds + 0.5

    assert q.client.info("clients")["blocked_clients"] == 0


def test_token_is_not_lost_to_a_sleeper_whose_time_is_up(q, bell):
    bell.wait(0.001)

    q.push("a")

    assert q.rings() == 1


def test_interrupt_of_nobody_does_nothing(bell):
    bell.interrupt()


def test_one_token_wakes_one_sleeper(store, q):
    bells = [store.bell(["q"]) for _ in range(2)]
    threads = [threading.Thread(target=bell.wait, args=(LONG,)) for bell in bells]
    for thread in threads:
        thread.start()
    wait_until(lambda: q.client.info("clients")["blocked_clients"] == 2)

    q.push("a")

    wait_until(lambda: sum(thread.is_alive() for thread in threads) == 1)
    for bell in bells:
        bell.interrupt()
    for thread in threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)


def test_bell_may_be_used_again(q, bell):
    for job_id in ("a", "b", "c"):
        q.push(job_id)
        bell.wait(LONG)

    assert q.rings() == 0


def test_sleep_reports_a_redis_that_is_away():
    store = Store(f"redis://127.0.0.1:{free_port()}/0", timeout=0.2)

    with pytest.raises(StoreUnavailable):
        store.bell(["q"]).wait(1)


def test_sleeper_whose_connection_is_cut_reports_it(q, bell):
    errors = []

    def sleep():
        try:
            bell.wait(LONG)
        except StoreUnavailable as error:
            errors.append(error)

    thread = threading.Thread(target=sleep)
    thread.start()
    wait_until(lambda: q.client.info("clients")["blocked_clients"] == 1)

    q.client.client_kill_filter(_type="normal", skipme=True)
    thread.join(5)

    assert len(errors) == 1
    bell.wait(0)


def test_sleeper_whose_redis_became_a_replica_reports_it(q, bell):
    errors = []

    def sleep():
        try:
            bell.wait(LONG)
        except StoreUnavailable as error:
            errors.append(str(error))

    thread = threading.Thread(target=sleep)
    thread.start()
    wait_until(lambda: q.client.info("clients")["blocked_clients"] == 1)
    sleeper = next(c["id"] for c in q.client.client_list() if c["cmd"] == "blpop")

    q.client.client_unblock(sleeper, error=True)
    thread.join(5)

    assert "UNBLOCKED" in errors[0]
