"""The bell wakes a sleeping worker.

It sleeps until there is work, somebody else calls, or the time is up.
"""

import gc
import statistics
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from jobs.errors import StoreUnavailable
from jobs.store import Store
from jobs.store.bell import COARSE
from tests.conftest import free_port
from tests.jobs.store.sample_queue import SampleQueue
from tests.waiting import wait_until

LONG = 20.0
QUEUES = ("q", "other")


class Sleeper(threading.Thread):
    """Sleeps once, and keeps what it heard or met."""

    def __init__(self, bell, queues=QUEUES):
        super().__init__()
        self.bell, self.queues = bell, queues
        self.heard = self.error = None
        self.start()

    def run(self):
        try:
            self.heard = self.bell.wait(LONG, self.queues).queues
        except StoreUnavailable as error:
            self.error = error

    def result(self):
        self.join(15)
        assert not self.is_alive()
        return self.heard


def blocked(q):
    """Return how many clients wait for a bell."""
    return q.client.info("clients")["blocked_clients"]


def held(q):
    """Return the number of connections to the server, and that of our open descriptors."""
    gc.collect()  # what earlier tests left is not closed in between
    return q.client.info("clients")["connected_clients"], len(list(Path("/dev/fd").iterdir()))


def took(call, *arguments):
    started = time.monotonic()
    call(*arguments)
    return time.monotonic() - started


@pytest.fixture
def other(store):
    return SampleQueue(store, "other")


@pytest.fixture
def bell(store):
    return store.bell(QUEUES)


@pytest.fixture
def asleep(q, bell):
    """Start a thread that sleeps on both bells, and wait until it sleeps."""
    sleeper = Sleeper(bell)
    wait_until(lambda: blocked(q) == 1)
    yield sleeper
    bell.interrupt()
    sleeper.join(15)


def test_push_wakes_the_sleeper(q, asleep):
    q.push("a")

    assert asleep.result() == {"q"}
    assert q.rings() == 0


def test_push_to_any_of_its_queues_wakes_the_sleeper(other, asleep):
    other.push("a")

    assert asleep.result() == {"other"}


def test_bell_that_rang_before_is_heard(q, bell):
    q.push("a")

    assert bell.wait(LONG, QUEUES).queues == {"q"}
    assert q.rings() == 0


def test_bells_that_both_rang_are_heard_one_by_one(q, other, bell):
    q.push("a")
    other.push("a")

    assert bell.wait(LONG, QUEUES).queues | bell.wait(LONG, QUEUES).queues == {"q", "other"}
    assert q.rings() == other.rings() == 0


def test_bell_of_a_queue_that_nobody_asked_for_stays(q, other, bell):
    other.push("a")

    assert bell.wait(0.01, ["q"]).queues == set()
    assert other.rings() == 1

    assert bell.wait(LONG, ["other"]).queues == {"other"}


def test_sleep_without_queues_asks_no_redis():
    bell = Store(f"redis://127.0.0.1:{free_port()}/0", timeout=0.2).bell(QUEUES)

    assert bell.wait(0.01, []).queues == set()


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.03])
def test_sleep_ends_when_the_time_is_up(q, bell, seconds):
    times = [took(bell.wait, seconds, QUEUES) for _ in range(20)]

    assert min(times) >= seconds
    assert statistics.median(times) < seconds + 0.5

    assert blocked(q) == 0
    assert not bell.is_coarse


def test_token_is_not_lost_to_a_sleeper_whose_time_is_up(q, bell):
    bell.wait(0.001, QUEUES)

    q.push("a")

    assert q.rings() == 1


def test_one_token_wakes_one_sleeper(store, q):
    bells = [store.bell(["q"]) for _ in range(2)]
    sleepers = [Sleeper(bell, ["q"]) for bell in bells]
    wait_until(lambda: blocked(q) == 2)

    q.push("a")

    wait_until(lambda: sum(sleeper.is_alive() for sleeper in sleepers) == 1)
    for bell in bells:
        bell.interrupt()
    assert sorted(len(sleeper.result()) for sleeper in sleepers) == [0, 1]


def test_bell_may_be_used_again(q, bell):
    for job_id in ("a", "b", "c"):
        q.push(job_id)
        assert bell.wait(LONG, QUEUES).queues == {"q"}

    assert q.rings() == 0


def test_sleeps_leave_no_connection_and_no_descriptor_behind(q, bell):
    bell.wait(0.001, QUEUES)
    before = held(q)

    for _ in range(20):
        bell.wait(0.001, QUEUES)
        bell.interrupt()
        bell.wait(LONG, QUEUES)

    assert all(now <= then for now, then in zip(held(q), before, strict=True))


# Interrupts


def test_interrupt_wakes_the_sleeper(q, bell, asleep):
    bell.interrupt()

    assert asleep.result() == set()
    assert blocked(q) == 0


def test_interrupt_before_the_sleep_ends_it_at_once_and_only_that_one(bell):
    for _ in range(3):
        bell.interrupt()

    assert took(bell.wait, LONG, QUEUES) < LONG / 2
    assert took(bell.wait, 0.05, QUEUES) >= 0.05


def test_interrupt_asks_no_redis():
    bell = Store(f"redis://127.0.0.1:{free_port()}/0", timeout=0.2).bell(QUEUES)
    bell.interrupt()

    assert took(bell.wait, LONG, []) < LONG / 2


def test_any_number_of_interrupts_holds_up_nobody(bell):
    for _ in range(100_000):
        bell.interrupt()

    for _ in range(200):
        if took(bell.wait, 0.02, []) >= 0.02:
            return
    pytest.fail("the interrupts never ended")


# Redis away


def test_sleep_reports_a_redis_that_is_away():
    store = Store(f"redis://127.0.0.1:{free_port()}/0", timeout=0.2)

    with pytest.raises(StoreUnavailable):
        store.bell(["q"]).wait(1, ["q"])


def test_sleeper_whose_connection_is_cut_reports_it(q, bell, asleep):
    q.client.client_kill_filter(_type="normal", skipme=True)

    asleep.result()
    assert "the connection was lost while waiting" in str(asleep.error)

    bell.wait(0, QUEUES)
    q.push("a")
    assert bell.wait(LONG, QUEUES).queues == {"q"}


def test_sleeper_whose_redis_became_a_replica_reports_it(q, asleep):
    sleeper = next(c["id"] for c in q.client.client_list() if c["cmd"] == "blpop")

    q.client.client_unblock(sleeper, error=True)

    asleep.result()
    assert isinstance(asleep.error, StoreUnavailable)


def test_bell_key_of_another_type_is_no_reason_to_spin_in_silence(q, bell):
    q.client.set(q.keys.bell, "of another type")

    with pytest.raises(StoreUnavailable):
        bell.wait(LONG, QUEUES)


# Users who may do little


@pytest.fixture(params=["unblock", "id"])
def restricted(request, q, redis_url):
    """Return a store whose user may not call one of the sub-commands of CLIENT."""
    q.client.execute_command(
        "ACL", "SETUSER", "little", "on", ">pw", "~*", "+@all", f"-client|{request.param}"
    )
    store = Store(f"redis://little:pw@127.0.0.1:{urlsplit(redis_url).port}/0", timeout=5)
    yield store
    store.close()
    q.client.execute_command("ACL", "DELUSER", "little")


def test_user_who_may_not_end_waits_sleeps_and_wakes_coarsely(q, restricted):
    bell = restricted.bell(["q"])
    for _ in range(5):
        assert 0.02 <= took(bell.wait, 0.02, ["q"]) < 0.02 + COARSE + 0.5
    wait_until(lambda: blocked(q) == 0)

    assert bell.is_coarse
    q.push("a")
    assert q.rings() == 1
    assert bell.wait(LONG, ["q"]).queues == {"q"}


def test_user_who_may_not_end_waits_is_woken_by_a_push(q, restricted):
    bell = restricted.bell(["q"])
    bell.wait(0, ["q"])
    wait_until(lambda: blocked(q) == 0)
    sleeper = Sleeper(bell, ["q"])
    wait_until(lambda: blocked(q) == 1)

    q.push("a")

    assert sleeper.result() == {"q"}


def test_user_who_may_not_end_waits_is_interrupted(q, restricted):
    bell = restricted.bell(["q"])
    bell.wait(0, ["q"])
    wait_until(lambda: blocked(q) == 0)
    sleeper = Sleeper(bell, ["q"])
    wait_until(lambda: blocked(q) == 1)

    bell.interrupt()

    assert sleeper.result() == set()
    wait_until(lambda: blocked(q) == 0)


def test_connection_that_is_cut_before_the_sleeper_lies_down_is_reported(q, store, monkeypatch):
    bell = store.bell(["q"])
    listen = bell._listen

    def listen_and_lose(*args):
        listeners = listen(*args)
        q.client.client_kill_filter(_type="normal", skipme=True)
        return listeners

    monkeypatch.setattr(bell, "_listen", listen_and_lose)

    with pytest.raises(StoreUnavailable):
        bell.wait(LONG, ["q"])


def test_sleeper_of_that_user_whose_connection_is_cut_reports_it(q, restricted):
    bell = restricted.bell(["q"])
    bell.wait(0, ["q"])
    wait_until(lambda: blocked(q) == 0)
    sleeper = Sleeper(bell, ["q"])
    wait_until(lambda: blocked(q) == 1)

    q.client.client_kill_filter(_type="normal", skipme=True)

    sleeper.result()
    assert isinstance(sleeper.error, StoreUnavailable)
