"""Rule: workers are silent, or their loops that fetch jobs stand still."""

import time

import pytest

from tests.jobs.inspect.filling import beat, push


def test_a_silent_worker_is_a_problem_since_it_was_last_seen(store, judge):
    push(store)
    beat(store, "alive")
    beat(store, "gone", ago=50)

    found = judge()

    assert list(found) == ["worker_silent:gone"]
    seen = found["worker_silent:gone"].since.timestamp()
    assert time.time() - seen == pytest.approx(50, abs=2)
    assert found["worker_silent:gone"].where == "workers/"


def test_a_worker_is_silent_still_when_its_heartbeat_has_expired(store, judge):
    push(store)
    beat(store, "alive")
    beat(store, "gone", ago=600)
    store.client.delete(store.shared.worker("gone"))

    assert list(judge()) == ["worker_silent:gone"]


def test_a_worker_whose_jobs_were_taken_back_is_no_problem(store, judge):
    push(store)
    beat(store, "alive")
    beat(store, "gone", ago=600)
    store.client.zadd(store.keys("default").ended, {"gone": time.time() * 1000 - 500_000})

    assert judge() == {}


def test_a_worker_that_has_just_started_may_take_the_jobs_of_another_back(store, judge):
    """Whoever had started one instead of a dead one heard of another problem."""
    push(store)
    beat(store, "new", started_at=time.time() - 10)
    beat(store, "gone", ago=600)
    assert judge() == {}

    beat(store, "new", started_at=time.time() - 40)
    assert list(judge()) == ["worker_silent:gone"]


def test_a_heartbeat_that_is_late_is_no_problem(store, judge):
    push(store)
    beat(store, ago=20)

    assert judge() == {}


def test_the_last_worker_that_is_silent_is_told_once(store, judge):
    push(store)
    beat(store, "gone", ago=100)

    found = judge()

    assert list(found) == ["workers_missing:"]
    seen = found["workers_missing:"].since.timestamp()
    assert time.time() - seen == pytest.approx(100, abs=2)


def test_a_loop_that_stands_still_is_a_problem_since_it_last_turned(store, judge):
    push(store)
    beat(store, "stuck", stands_since=time.time() - 45)
    beat(store, "asleep", stands_since=time.time() - 9)

    found = judge()

    assert list(found) == ["worker_stuck:stuck"]
    since = found["worker_stuck:stuck"].since.timestamp()
    assert time.time() - since == pytest.approx(45, abs=2)


def test_a_loop_is_not_stuck_because_its_worker_is_silent(store, judge):
    push(store)
    beat(store, ago=28, beat_at=time.time() - 28, stands_since=time.time() - 35)

    assert judge() == {}


def test_slow_heartbeats_may_be_further_apart(store, judge, settings):
    settings.JOBS = {**settings.JOBS, "HEARTBEAT": 20, "LEASE": 60}
    push(store)
    beat(store, "one")
    beat(store, "slow", ago=50)

    assert judge() == {}
