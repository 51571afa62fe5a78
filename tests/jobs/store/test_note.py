"""note.lua: what a running job tells, refused to who lost the job."""

import pytest

from jobs.errors import StoreCorrupt
from jobs.store.notes import Notes


@pytest.fixture
def notes(q):
    q.push("a")
    q.take("w")
    return Notes(q.store)


def note_of(q, job_id="a"):
    return q.client.hget(q.keys.notes, job_id)


def test_note_of_a_running_job_is_kept_and_replaced(q, notes):
    assert notes.write("q", q.token("a"), "a", b"one")
    assert notes.write("q", q.token("a"), "a", b"two")

    assert note_of(q) == b"two"


def test_note_is_gone_with_the_job(q, notes):
    notes.write("q", q.token("a"), "a", b"one")

    q.fetch("w", 0, finished=["a"])

    assert note_of(q) is None


def test_note_outlives_a_failure_and_is_there_for_the_next_run(q, notes):
    notes.write("q", q.token("a"), "a", b"one")

    q.store.running.fail("q", q.token("a"), "a", b"{}", "retry")

    assert note_of(q) == b"one"


def test_taking_that_is_over_writes_nothing(q, notes):
    old = q.token("a")
    q.release("a")
    assert not notes.write("q", old, "a", b"late")
    q.take("other")
    assert not notes.write("q", old, "a", b"late")

    assert note_of(q) is None


def test_worker_that_was_given_up_writes_nothing(q, notes):
    q.client.zadd(q.keys.leases, {"w": 0})

    assert not notes.write("q", q.token("a"), "a", b"late")
    assert note_of(q) is None


def test_number_of_another_taking_does_not_pass_for_ours(q, notes):
    q.client.hset(q.keys.running, "a", "w#12|5")

    assert not notes.write("q", "w#1", "a", b"late")
    assert notes.write("q", "w#12", "a", b"mine")


def test_key_of_another_type_is_named_with_its_remedy(q, notes):
    q.client.set(q.keys.notes, "text")

    with pytest.raises(StoreCorrupt, match="jobs doctor"):
        notes.write("q", q.token("a"), "a", b"one")


@pytest.mark.parametrize("place", ["retry", "dead", "discard"])
def test_last_note_is_written_with_a_failure(q, place):
    q.push("a")
    q.take("w")

    assert q.store.running.fail("q", q.token("a"), "a", b"new", place, note=b"last")

    assert q.client.hget(q.keys.notes, "a") == (None if place == "discard" else b"last")


def test_last_note_is_written_with_the_end_and_none_replaces_no_earlier_one(q):
    for job_id in ("a", "b"):
        q.push(job_id)
    q.take("w", count=2)
    Notes(q.store).write("q", q.token("b"), "b", b"early")

    assert q.store.running.finish("q", q.token("a"), "a", b"{}", 60, note=b"last")
    assert q.store.running.finish("q", q.token("b"), "b", b"{}", 60)

    assert q.client.hgetall(q.keys.notes) == {b"a": b"last", b"b": b"early"}


def test_broken_notes_keep_no_job_from_its_end(q):
    for job_id in ("a", "b"):
        q.push(job_id)
    q.take("w", count=2)
    q.client.set(q.keys.notes, "of another type")

    assert q.store.running.finish("q", q.token("a"), "a", b"{}", 60, note=b"last")
    assert q.store.running.fail("q", q.token("b"), "b", b"{}", "dead", note=b"last")

    assert q.places() == {"a": ["done"], "b": ["dead"]}
