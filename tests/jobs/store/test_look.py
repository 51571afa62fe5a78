"""look.lua: where one job is, for somebody who waits for it."""

import pytest

from jobs.errors import StoreCorrupt
from jobs.store.whereabouts import Glance, Whereabouts
from tests.jobs.store.sample_queue import raw_payload


@pytest.fixture
def desk(q):
    return Whereabouts(q.store)


def test_place_of_a_job_is_told_wherever_it_is(q, desk):
    q.push("ready", "done", "dead", "retry", "running")
    q.push("scheduled", due="+60000")
    for name, moved in (("done", "done"), ("dead", "dead"), ("retry", "retry")):
        q.client.zrem(q.keys.ready, moved)
        q.client.zadd(getattr(q.keys, name), {moved: 1})
    q.client.zrem(q.keys.ready, "running")
    q.client.hset(q.keys.running, "running", "w#1|5")

    for place in ("ready", "scheduled", "running", "retry", "dead", "done"):
        assert desk.look("q", place).place == place


def test_job_that_there_is_not_is_gone_and_one_in_no_set_is_nowhere(q, desk):
    q.client.hset(q.keys.payloads, "stray", raw_payload("stray"))

    assert desk.look("q", "a") == Glance("gone")
    assert desk.look("q", "stray").place == ""


@pytest.mark.parametrize(
    ("wanted", "brings"),
    [("always", {"waiting", "ended"}), ("ended", {"ended"}), ("never", set())],
)
def test_payload_comes_when_it_is_wanted(q, desk, wanted, brings):
    q.push("waiting", "ended")
    q.client.zrem(q.keys.ready, "ended")
    q.client.zadd(q.keys.done, {"ended": 1})

    for job_id in ("waiting", "ended"):
        payload = desk.look("q", job_id, wanted).payload
        assert payload == (raw_payload(job_id) if job_id in brings else None)


def test_note_of_the_job_comes_with_it(q, desk):
    q.push("a")
    q.client.hset(q.keys.notes, "a", "half of it")

    assert desk.look("q", "a").note == b"half of it"


def test_queue_of_a_job_is_found_among_the_known_and_the_named(q, desk):
    q.push("a")
    assert desk.queue_of("a") is None

    assert desk.queue_of("a", ["q", "other"]) == "q"
    q.store.intake.announce_queues(["q"])
    assert desk.queue_of("a") == "q"
    assert desk.queue_of("b") is None
    assert desk.queue_of("b", ["\udcff"]) is None


def test_key_of_another_type_is_named_with_its_remedy(q, desk):
    q.client.set(q.keys.payloads, "text")

    with pytest.raises(StoreCorrupt, match="jobs doctor"):
        desk.look("q", "a")
