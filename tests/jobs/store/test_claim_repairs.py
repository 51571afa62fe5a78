"""Unique keys that agree with no job are repaired, or hurt nobody."""

import pytest

from tests.jobs.store.claiming import HOUR, faults, holders, job, push


def test_key_left_by_an_older_version_holds_nobody_up(q):
    push(q, job("a"))
    q.take()
    q.take("w", 0, finished=["a"])
    q.client.hset(q.keys.unique, "k", "a")

    assert push(q, job("b")) == {}


def test_doctor_forgets_a_key_that_points_nowhere(q):
    q.client.hset(q.keys.unique, "k", "gone")

    assert q.store.sets.mend_keys("q", "unique", ["k"], repair=True) == [("k", "gone", "key")]

    assert holders(q) == {}


def test_doctor_calls_a_window_that_is_over_no_fault(q):
    push(q, job("a", until=HOUR))
    q.take()
    q.take("w", 0, finished=["a"])
    assert faults(q) == []
    q.client.zadd(q.keys.windows, {"k": q.now() - 1})

    assert faults(q) == []


def test_doctor_gives_a_job_its_key_back(q):
    push(q, job("a"))
    q.client.delete(q.keys.unique)

    assert q.store.sets.mend_keys("q", "traits", ["a"], repair=True) == [("a", "", "missing")]

    assert holders(q) == {"k": "a"}


def test_doctor_takes_no_key_from_another_job(q):
    push(q, job("a"))
    q.client.delete(q.keys.unique)
    push(q, job("b"))

    assert q.store.sets.mend_keys("q", "traits", ["a", "b"], repair=True) == [("a", "b", "two")]

    assert holders(q) == {"k": "b"}


def test_doctor_drops_the_trait_of_no_job(q):
    q.client.hset(q.keys.traits, "gone", "unique=done/k")

    assert q.store.sets.mend_keys("q", "traits", ["gone"], repair=True) == [
        ("gone", "", "leftover")
    ]

    assert not q.client.exists(q.keys.traits)


def test_stray_whose_key_is_taken_is_put_into_the_dead_set(q):
    push(q, job("a"))
    q.client.zrem(q.keys.ready, "a")
    q.client.delete(q.keys.unique)
    push(q, job("b"))

    q.store.sets.audit("q", ["a"], repair=True)

    assert q.places() == {"a": ["dead"], "b": ["ready"]}


def test_stray_comes_back_with_its_key(q):
    push(q, job("a"))
    q.client.zrem(q.keys.ready, "a")
    q.client.delete(q.keys.unique)

    q.store.sets.audit("q", ["a"], repair=True)

    assert q.places() == {"a": ["ready"]}
    assert holders(q) == {"k": "a"}


@pytest.mark.parametrize("key", ["traits", "unique", "windows", "dead"])
def test_push_into_a_broken_key_leaves_nothing_behind(q, key):
    q.client.set(getattr(q.keys, key), "no such type")

    with pytest.raises(Exception, match="WRONGTYPE"):
        push(q, job("a"))

    assert q.payloads() == set()
    assert not q.client.keys("*:pushed:*")


@pytest.mark.parametrize("key", ["unique", "windows"])
def test_broken_key_keeps_no_job_from_its_end(q, key):
    push(q, job("a"))
    q.client.delete(getattr(q.keys, key))
    q.client.set(getattr(q.keys, key), "no such type")

    assert q.take() == ["a"]
    q.take("w", 0, finished=["a"])

    assert q.places() == {}
