"""move.lua: what waits in one set goes to another, or away."""

import pytest

from tests.jobs.store.sample_queue import raw_payload

SOURCES = ["ready", "scheduled", "retry", "dead", "done"]
HOUR = 3_600_000


def put(q, name, *ids, priority=0):
    """Put jobs into a set, as if they had come there by themselves."""
    for n, job_id in enumerate(ids):
        q.client.hset(q.keys.payloads, job_id, raw_payload(job_id, priority))
        q.client.zadd(getattr(q.keys, name), {job_id: q.now() + HOUR + n})


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("destination", ["ready", "scheduled", "dead"])
def test_jobs_move_and_keep_their_payload(q, source, destination):
    put(q, source, "a", "b", "c")

    assert q.store.sets.move("q", source, destination, ["a", "b"], due_at=2e9) == 2

    # What waits for a retry keeps waiting there when it gets a new time.
    arrived = "retry" if (source, destination) == ("retry", "scheduled") else destination
    assert q.places() == {"a": [arrived], "b": [arrived], "c": [source]}
    assert q.payload("a") == raw_payload("a")


@pytest.mark.parametrize("source", SOURCES)
def test_deleted_jobs_are_gone_with_their_payloads(q, source):
    put(q, source, "a", "b")

    assert q.store.sets.move("q", source, "delete", ["a"]) == 1

    assert q.places() == {"b": [source]}


def test_job_moved_to_ready_keeps_its_priority_and_queues_at_the_end(q):
    q.push("a", priority=5)
    put(q, "dead", "b", priority=5)
    put(q, "dead", "c", priority=6)

    q.store.sets.move("q", "dead", "ready", ["b", "c"])

    assert q.take("w", 3) == ["c", "a", "b"]


def test_job_is_rescheduled_to_the_millisecond(q):
    put(q, "scheduled", "a")

    q.store.sets.move("q", "scheduled", "scheduled", ["a"], due_at=2_000_000_000.123)

    assert q.score("scheduled", "a") == 2_000_000_000_123


def test_job_moved_to_the_dead_set_died_now(q):
    put(q, "retry", "a")
    before = q.now()

    q.store.sets.move("q", "retry", "dead", ["a"])

    assert before <= q.score("dead", "a") <= q.now()


@pytest.mark.parametrize("destination", ["ready", "scheduled", "dead", "delete"])
def test_job_that_is_no_longer_there_is_left_alone(q, destination):
    q.push("a")
    q.take("w")

    assert q.store.sets.move("q", "ready", destination, ["a", "unknown"], due_at=2e9) == 0

    assert q.places() == {"a": ["running"]}


@pytest.mark.parametrize("destination", ["ready", "scheduled", "dead", "delete"])
def test_move_sent_again_changes_nothing(q, destination):
    put(q, "done", "a")
    q.store.sets.move("q", "done", destination, ["a"], due_at=2e9)
    before = q.places()

    assert q.store.sets.move("q", "done", destination, ["a"], due_at=2e9) == 0

    assert q.places() == before


@pytest.mark.parametrize(
    ("destination", "rings"), [("ready", 1), ("scheduled", 1), ("dead", 0), ("delete", 0)]
)
def test_bell_rings_when_there_is_work_or_a_new_due_time(q, destination, rings):
    put(q, "retry", "a", "b")

    q.store.sets.move("q", "retry", destination, ["a", "b"], due_at=2e9)

    assert q.rings() == rings


def test_bell_is_silent_when_nothing_moved(q):
    q.store.sets.move("q", "retry", "ready", ["a"])

    assert q.rings() == 0


def test_many_jobs_move_in_one_call(q):
    ids = [f"{n:04}" for n in range(2000)]
    q.client.hset(q.keys.payloads, mapping={i: raw_payload(i) for i in ids})
    q.client.zadd(q.keys.dead, {i: n for n, i in enumerate(ids)})

    assert q.store.sets.move("q", "dead", "ready", ids) == 2000

    assert q.is_sound()
