"""release.lua: a running job goes back to the place it had, if it is still ours."""

from jobs.store import NewJob
from tests.jobs.store.sample_queue import raw_payload


def test_released_jobs_stand_exactly_where_they_stood(q):
    q.push("low", priority=-1)
    q.push("b", "a")
    q.push("high", priority=1)
    places = {job_id: q.score("ready", job_id) for job_id in q.ids("ready")}
    order = q.ids("ready")
    q.take("w", 4)

    assert q.store.release("q", "w", [(job_id, b"") for job_id in order]) == 4

    assert {job_id: q.score("ready", job_id) for job_id in order} == places
    assert q.ids("ready") == order


def test_released_job_comes_before_what_was_pushed_after_it(q):
    q.push("a")
    q.take("w")
    q.push("b")

    q.store.release("q", "w", [("a", b"")])

    assert q.ids("ready") == ["a", "b"]


def test_job_that_was_scheduled_goes_back_to_its_due_time_and_priority(q):
    due = q.now() - 5000
    q.client.hset(q.keys.payloads, "a", raw_payload("a", 7))
    q.client.zadd(q.keys.scheduled, {"a": due})
    q.take("w")

    q.store.release("q", "w", [("a", b"")])

    assert q.score("ready", "a") == (100 - 7) * 2**44 + due


def test_extreme_priorities_survive_the_way_back(q):
    q.push("first", priority=100)
    q.push("last", priority=-100)
    scores = [q.score("ready", "first"), q.score("ready", "last")]
    q.take("w", 2)

    q.store.release("q", "w", [("last", b""), ("first", b"")])

    assert [q.score("ready", "first"), q.score("ready", "last")] == scores


def test_payload_is_replaced_only_when_there_is_a_new_one(q):
    q.push("a", "b")
    q.take("w", 2)

    q.store.release("q", "w", [("a", b"new"), ("b", b"")])

    assert q.payload("a") == b"new"
    assert q.payload("b") == raw_payload("b")


def test_only_what_is_still_owned_is_given_back(q):
    q.push("a", "b", "c")
    q.take("w")
    q.take("other")

    assert q.store.release("q", "w", [("a", b"x"), ("b", b"x"), ("c", b"x"), ("unknown", b"x")]) == 1

    assert q.places() == {"a": ["ready"], "b": ["running"], "c": ["ready"]}
    assert q.payload("b") == raw_payload("b")
    assert q.payload("c") == raw_payload("c")


def test_release_sent_again_changes_nothing(q):
    q.push("a")
    q.take("w")
    q.store.release("q", "w", [("a", b"")])

    assert q.store.release("q", "w", [("a", b"late")]) == 0

    assert q.payload("a") == raw_payload("a")


def test_release_after_another_took_the_job_is_refused(q):
    q.push("a")
    q.take("w")
    q.store.release("q", "w", [("a", b"")])
    q.take("other")

    assert q.store.release("q", "w", [("a", b"")]) == 0

    assert q.running() == {"a": "other"}


def test_release_rings_the_bell_once(q):
    q.push("a", "b")
    q.take("w", 2)
    q.silence()

    q.store.release("q", "w", [("a", b""), ("b", b"")])

    assert q.rings() == 1


def test_release_of_nothing_rings_not(q):
    q.store.release("q", "w", [("a", b"")])

    assert q.rings() == 0


def test_bytes_of_any_kind_come_back_unchanged(q):
    raw = bytes(range(256)) * 10
    q.store.push("q", [NewJob("a", raw, 0)])
    q.take("w")

    q.store.release("q", "w", [("a", raw[::-1])])

    assert q.fetch("w", 1).jobs == [("a", raw[::-1])]
