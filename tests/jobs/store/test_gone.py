"""A job that ceases to exist takes along what features keep of it."""

import pytest

#: What is kept of each job here, in both hashes.
KEPT = "kept by a feature"


@pytest.fixture
def q(q):
    """Return a queue with three jobs, of which features keep something."""
    q.push("a", "b", "c")
    for key in (q.keys.traits, q.keys.notes):
        q.client.hset(key, mapping=dict.fromkeys("abc", KEPT))
    return q


def kept(q):
    """Return the ids of the jobs of which something is kept.

    They must be the same in both hashes.
    """
    traits, notes = (sorted(q.client.hkeys(key)) for key in (q.keys.traits, q.keys.notes))
    assert traits == notes
    return [job_id.decode() for job_id in traits]


def test_finished_job_takes_along_its_traits_and_notes(q):
    q.take("w")

    q.fetch("w", 0, finished=["a"])

    assert kept(q) == ["b", "c"]


def test_ending_of_another_taking_leaves_them(q):
    q.take("w")

    q.fetch("w", 0, finished=[("a", 99)])

    assert kept(q) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("outcome", "left"), [("discard", "bc"), ("retry", "abc"), ("dead", "abc")]
)
def test_failed_job_takes_them_along_only_when_it_is_discarded(q, outcome, left):
    q.take("w")

    assert q.store.running.fail("q", q.token("a"), "a", b"{}", outcome)

    assert kept(q) == list(left)


def test_job_that_is_given_back_keeps_them(q):
    q.take("w")

    q.release("a")

    assert kept(q) == ["a", "b", "c"]


def test_result_that_expires_takes_them_along(q):
    q.take("w")
    assert q.store.running.finish("q", q.token("a"), "a", b"{}", 60)
    assert kept(q) == ["a", "b", "c"]
    q.client.zadd(q.keys.done, {"a": 1})

    q.fetch("w", 0)

    assert kept(q) == ["b", "c"]


def test_job_that_is_deleted_takes_them_along(q):
    q.store.sets.move("q", "ready", "delete", ["b"])

    assert kept(q) == ["a", "c"]


def test_dead_job_for_which_there_is_no_room_takes_them_along(q):
    q.take("w", 2)
    for job_id in ("a", "b"):
        q.store.running.fail("q", q.token(job_id), job_id, b"{}", "dead", dead_limits=(1, 9))

    assert kept(q) == ["b", "c"]


def test_job_whose_payload_is_lost_takes_them_along_when_it_is_dropped(q):
    q.client.hdel(q.keys.payloads, "a")

    assert q.take("w", 2) == ["a", "b"]

    assert kept(q) == ["b", "c"]


def test_broken_traits_keep_no_job_from_its_end(q):
    q.client.set(q.keys.traits, "no hash")
    q.take("w")

    q.fetch("w", 0, finished=["a"])

    assert q.client.hkeys(q.keys.notes) == [b"b", b"c"]
    assert "a" not in q.payloads()
