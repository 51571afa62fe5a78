"""The limit of a queue: so many run at a time, whoever takes them."""

import threading

import pytest

from jobs.store import Terms
from jobs.store.bell import Heard
from jobs.store.running import fetched_in
from tests.jobs.store.sample_queue import LEASE, raw_payload
from tests.waiting import wait_until


@pytest.fixture
def serial(q):
    """Return a queue in which one job runs at a time, and two wait."""
    q.store.sets.limit("q", 1)
    q.push("a", "b", "c")
    q.silence()
    return q


def test_no_more_is_taken_than_may_run(q):
    q.store.sets.limit("q", 3)
    q.push(*"abcdef")

    assert q.take("w", 2) == ["a", "b"]
    assert q.take("v", 9) == ["c"]
    assert q.take("w", 9) == []
    assert q.is_sound()


def test_what_ends_with_a_fetch_makes_room_for_it(serial):
    assert serial.take("w") == ["a"]

    assert serial.take("w", 5, finished=["a"]) == ["b"]
    assert serial.take("v", 5) == []


def test_full_queue_says_that_nothing_is_left_and_rings_for_nobody(serial):
    fetched = serial.fetch("w", 1)

    assert (len(fetched.jobs), fetched.left) == (1, 0)
    assert serial.fetch("v", 1).left == 0
    assert serial.rings() == 0


def test_handing_in_says_what_is_left_and_rings(serial):
    serial.take("w")

    fetched = serial.fetch("w", 0, ["a"])

    assert fetched.left == 2
    assert serial.rings() == 1


@pytest.mark.parametrize("how", ["finish", "retry", "dead", "discard", "release"])
def test_every_way_out_of_running_wakes_who_waits_for_a_place(serial, how):
    serial.take("w")
    token = serial.token("a")
    if how == "finish":
        serial.store.running.finish("q", token, "a", raw_payload("a"), 60)
    elif how == "release":
        serial.release("a")
    else:
        serial.store.running.fail("q", token, "a", raw_payload("a"), how, delay_seconds=60)

    assert serial.rings() == 1
    assert serial.take("v") == ["a" if how == "release" else "b"]


def test_ending_rings_for_nobody_where_nothing_waits_or_nothing_limits(q):
    q.push("a", "b")
    q.take("w", 1)
    q.silence()
    q.store.running.fail("q", q.token("a"), "a", raw_payload("a"), "dead")
    assert q.rings() == 0

    q.store.sets.limit("q", 1)
    q.take("w", 1)
    q.silence()
    q.store.running.fail("q", q.token("b"), "b", raw_payload("b"), "dead")
    assert q.rings() == 0


def test_job_of_a_worker_that_was_given_up_counts_until_it_is_taken_back(serial):
    serial.take("dead")
    serial.leases.condemn("q", "dead")
    assert serial.take("w") == []

    serial.release("a")

    assert serial.take("w") == ["a"]


def test_worker_that_was_given_up_makes_room_by_what_it_ends(serial):
    serial.take("dead")
    serial.leases.condemn("q", "dead")

    assert serial.fetch("dead", 1, ["a"]).state == "given up"

    assert serial.rings() == 1
    assert serial.take("w") == ["b"]


def test_strays_that_the_doctor_puts_back_make_room(serial):
    serial.take("gone")
    serial.client.zrem(serial.keys.leases, "gone")
    assert serial.take("w") == []
    serial.silence()

    serial.store.sets.audit("q", ["a"], repair=True)

    assert serial.rings() == 1
    assert serial.take("w") == ["a"]


def test_pause_goes_before_the_limit(serial):
    serial.store.sets.pause("q")

    assert serial.take("w") == []
    assert serial.fetch("w", 1).left == 0


def test_void_fetch_takes_no_place(serial):
    serial.fetch("w", 0, first=50)

    assert serial.fetch("w", 1, first=50).state == "void"

    assert serial.take("v") == ["a"]


@pytest.mark.parametrize("most", [2, None])
def test_raising_the_limit_lets_others_take_at_once(serial, most):
    serial.take("w")

    serial.store.sets.limit("q", most)

    assert serial.rings() == 1
    assert len(serial.take("v", 5)) == (1 if most else 2)


def test_limit_below_what_runs_ends_nothing_and_waits(q):
    q.push("a", "b", "c")
    q.take("w", 2)
    q.store.sets.limit("q", 1)

    assert q.take("v") == []
    assert q.take("w", 1, finished=["a"]) == []
    assert q.take("w", 1, finished=["b"]) == ["c"]


def test_limit_that_is_no_number_is_none(q):
    q.client.hset(q.keys.meta, "most_running", "many")
    q.push("a", "b")

    assert q.take("w", 2) == ["a", "b"]


@pytest.mark.parametrize("has_room", [True, False])
def test_armed_fetch_heeds_the_limit(q, has_room):
    q.fetch("w", 0, first=1)
    q.store.sets.limit("q", 2 if has_room else 1)
    q.push("a")
    q.take("v", 1)
    q.silence()
    until = q.now() + 3_600_000
    armed = {"q": q.store.running.armed_fetch("q", "w", terms=Terms(LEASE), first=9, until=until)}
    bell, heard = q.store.bell(["q"]), [Heard()]
    sleeper = threading.Thread(target=lambda: heard.append(bell.wait(20.0, armed, armed)))
    sleeper.start()
    wait_until(lambda: q.client.info("clients")["blocked_clients"] == 1)

    q.push("b")
    sleeper.join(15)

    fetched = fetched_in(heard[-1].answers["q"])
    assert [job_id for job_id, _ in fetched.jobs] == (["b"] if has_room else [])
    assert (fetched.state, fetched.left) == ("good", 0)
    assert q.is_sound()
