"""audit.lua finds misplaced jobs and puts them back.

A job is misplaced if it is not in exactly one place.
"""

import pytest

from tests.jobs.store.sample_queue import raw_payload

SETS = ["ready", "scheduled", "retry", "dead", "done"]


def audit(q, *ids, repair=False):
    return q.store.sets.audit("q", ids, repair=repair)


@pytest.fixture
def stray(q):
    """Return a queue with a payload that is nowhere."""
    q.client.hset(q.keys.payloads, "a", raw_payload("a"))
    return q


def test_sound_queue_has_nothing_to_report(q):
    q.push("ready", "running", "done", "dead", "retry")
    q.push("scheduled", due="+100000")
    taken = q.take("w", 5)
    q.release("ready")
    q.store.running.finish("q", q.token("done"), "done", raw_payload("done"), 60)
    q.store.running.fail("q", q.token("dead"), "dead", raw_payload("dead"), "dead")
    q.store.running.fail(
        "q", q.token("retry"), "retry", raw_payload("retry"), "retry", delay_seconds=60
    )

    assert audit(q, *taken, "scheduled", repair=True) == []

    assert q.is_sound()
    assert q.running() == {"running": "w"}


def test_job_that_was_finished_meanwhile_is_nothing_to_report(q):
    assert audit(q, "gone", repair=True) == []


def test_job_that_is_nowhere_is_ready_again_and_wakes_a_worker(stray):
    assert audit(stray, "a", repair=True) == [("a", "nowhere")]

    assert stray.places() == {"a": ["ready"]}
    assert stray.rings() == 1


def test_audit_without_repair_changes_nothing(stray):
    assert audit(stray, "a") == [("a", "nowhere")]

    assert stray.places() == {"a": ["no place"]}


def test_repaired_job_stands_at_the_head_of_its_priority(q):
    q.push("low", priority=1)
    q.push("high", priority=3)
    q.push("same", priority=2)
    q.client.hset(q.keys.payloads, "a", raw_payload("a", 2))

    audit(q, "a", repair=True)

    assert q.take("w", 4) == ["high", "a", "same", "low"]


def test_unreadable_payload_is_repaired_at_the_usual_priority(q):
    q.client.hset(q.keys.payloads, "a", b"\xff\x00")

    audit(q, "a", repair=True)

    assert q.places() == {"a": ["ready"]}


@pytest.mark.parametrize("name", SETS)
def test_place_without_payload_is_removed(q, name):
    q.client.zadd(getattr(q.keys, name), {"a": 1})

    assert audit(q, "a", repair=True) == [("a", f"no payload; {name}")]

    assert q.places() == {}


def test_running_job_without_payload_is_removed(q):
    q.push("a")
    q.take("w")
    q.client.hdel(q.keys.payloads, "a")

    assert audit(q, "a", repair=True) == [("a", "no payload; running")]

    assert q.places() == {}


@pytest.mark.parametrize("name", SETS)
def test_running_job_stays_with_its_worker_and_leaves_every_other_place(q, name):
    q.push("a")
    q.take("w")
    q.client.zadd(getattr(q.keys, name), {"a": 1})

    assert audit(q, "a", repair=True) == [("a", f"running, {name}")]

    assert q.places() == {"a": ["running"]}


def test_job_in_two_sets_stays_in_the_first_of_them(q):
    q.push("a", due="+100000")
    q.client.zadd(q.keys.dead, {"a": 1})

    assert audit(q, "a", repair=True) == [("a", "scheduled, dead")]

    assert q.places() == {"a": ["scheduled"]}


def test_job_of_a_worker_that_nobody_knows_is_ready_again(q):
    q.push("a")
    q.take("w")
    q.leases.leave("q", "w")

    assert audit(q, "a", repair=True) == [("a", "running without a worker")]

    assert q.places() == {"a": ["ready"]}


def test_job_of_an_unknown_worker_keeps_the_other_place_it_has(q):
    q.push("a")
    q.take("w")
    q.leases.leave("q", "w")
    q.client.zadd(q.keys.retry, {"a": 5})

    audit(q, "a", repair=True)

    assert q.places() == {"a": ["retry"]}


def test_job_of_a_condemned_worker_is_left_to_whoever_takes_it_back(q):
    q.push("a")
    q.take("w")
    q.leases.condemn("q", "w")

    assert audit(q, "a", repair=True) == []

    assert q.running() == {"a": "w"}


@pytest.mark.parametrize("held_by", ["garbage", "", "|", "#|", "w#|5", "w#x|5"])
def test_unreadable_owner_counts_as_none(q, held_by):
    q.fetch("w", 0)
    q.client.hset(q.keys.payloads, "a", raw_payload("a"))
    q.client.hset(q.keys.running, "a", held_by)

    assert audit(q, "a", repair=True) == [("a", "running without a worker")]

    assert q.places() == {"a": ["ready"]}


def test_job_taken_by_a_version_without_numbers_belongs_to_its_worker(q):
    q.push("a", "b")
    q.take("w", 2)
    q.client.hset(q.keys.running, mapping={"a": "w|5", "b": "gone|5"})

    assert audit(q, "a", "b") == [("b", "running without a worker")]


def test_repair_sent_again_finds_nothing(stray):
    audit(stray, "a", repair=True)

    assert audit(stray, "a", repair=True) == []
