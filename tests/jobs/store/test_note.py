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
