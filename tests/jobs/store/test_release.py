"""release.lua gives a running job back.

It goes to the place it had, if it is still ours.
"""

import pytest

from jobs.store import MOST_JOBS, NewJob
from tests.jobs.store.sample_queue import raw_payload


def test_released_jobs_stand_exactly_where_they_stood(q):
    q.push("low", priority=-1)
    q.push("b", "a")
    q.push("high", priority=1)
    places = {job_id: q.score("ready", job_id) for job_id in q.ids("ready")}
    order = q.ids("ready")
    q.take("w", 4)

    assert q.release(*order) == 4

    assert {job_id: q.score("ready", job_id) for job_id in order} == places
    assert q.ids("ready") == order


def test_released_job_comes_before_what_was_pushed_after_it(q):
    q.push("a")
    q.take("w")
    q.push("b")

    q.release("a")

    assert q.ids("ready") == ["a", "b"]


def test_job_that_was_scheduled_goes_back_to_its_due_time_and_priority(q):
    due = q.now() - 5000
    q.client.hset(q.keys.payloads, "a", raw_payload("a", 7))
    q.client.zadd(q.keys.scheduled, {"a": due})
    q.take("w")

    q.release("a")

    assert q.score("ready", "a") == (100 - 7) * 2**44 + due


def test_extreme_priorities_survive_the_way_back(q):
    q.push("first", priority=100)
    q.push("last", priority=-100)
    scores = [q.score("ready", "first"), q.score("ready", "last")]
    q.take("w", 2)

    q.release("last", "first")

    assert [q.score("ready", "first"), q.score("ready", "last")] == scores


def test_payload_is_replaced_only_when_there_is_a_new_one(q):
    q.push("a", "b")
    q.take("w", 2)

    q.release("a", payload=b"new")
    q.release("b")

    assert q.payload("a") == b"new"
    assert q.payload("b") == raw_payload("b")


def test_only_what_is_still_owned_is_given_back(q):
    q.push("a", "b", "c")
    q.take("w")
    q.take("other")

    released = q.store.running.release(
        "q", [(f"w#{n}", i, b"x") for n, i in enumerate(("a", "b", "c", "unknown"), 1)]
    )

    assert released == 1
    assert q.places() == {"a": ["ready"], "b": ["running"], "c": ["ready"]}
    assert q.payload("b") == raw_payload("b")
    assert q.payload("c") == raw_payload("c")


@pytest.mark.parametrize("token", ["other#1", "w#2", "w#11", "w#", "w", "", "w#1|0"])
def test_taking_that_is_not_the_one_that_runs_is_refused(q, token):
    q.push("a")
    q.take("w")
    q.silence()

    assert q.store.running.release("q", [(token, "a", b"x")]) == 0

    assert q.running() == {"a": "w"}
    assert q.payload("a") == raw_payload("a")
    assert q.rings() == 0


def test_release_sent_again_changes_nothing(q):
    q.push("a")
    q.take("w")
    q.release("a")

    assert q.store.running.release("q", [("w#1", "a", b"late")]) == 0

    assert q.payload("a") == raw_payload("a")


@pytest.mark.parametrize("worker", ["other", "w"])
def test_release_after_the_job_was_taken_again_is_refused(q, worker):
    q.push("a")
    q.take("w")
    q.release("a")
    q.take(worker)

    assert q.store.running.release("q", [("w#1", "a", b"")]) == 0

    assert q.token("a") == f"{worker}#2"


def test_same_job_twice_is_given_back_once(q):
    q.push("a")
    q.take("w")

    assert q.release("a", "a") == 1

    assert q.places() == {"a": ["ready"]}


def test_takings_of_several_workers_are_given_back_in_one_call(q):
    q.push("a", "b")
    q.take("w1")
    q.take("w2")

    assert q.release("a", "b") == 2

    assert q.ids("ready") == ["a", "b"]


def test_job_taken_by_a_version_without_numbers_is_given_back_under_the_name_alone(q):
    q.push("a")
    score = f"{q.score('ready', 'a'):.0f}"
    q.take("w")
    q.client.hset(q.keys.running, "a", f"w|{score}")

    assert q.store.running.release("q", [("w", "a", b"")]) == 1

    assert q.score("ready", "a") == float(score)


@pytest.mark.parametrize(
    "place", ["", "no number", "w#2", "nan", "inf", "1e400", " 10 ", "0x10", "9" * 400]
)
def test_place_that_is_no_number_is_made_of_the_priority_and_the_time(q, place):
    q.push("first", priority=7, due="1000")
    q.push("a", priority=7)
    q.push("last", priority=6)
    q.take("w", 3)
    q.client.hset(q.keys.running, "a", f"w#2|{place}")
    q.release("first", "last")
    before = q.now()

    assert q.store.running.release("q", [("w#2", "a", raw_payload("a", 7))]) == 1

    assert before <= q.score("ready", "a") - (100 - 7) * 2**44 <= q.now()
    assert q.ids("ready") == ["first", "a", "last"]


def test_more_than_one_script_can_take_go_in_portions(q):
    ids = [f"{n:04}" for n in range(MOST_JOBS + 5)]
    q.push(*ids[:MOST_JOBS])
    q.push(*ids[MOST_JOBS:])
    q.take("w", MOST_JOBS)
    q.take("w", MOST_JOBS)

    assert q.release(*ids) == MOST_JOBS + 5

    assert q.ids("ready") == ids
    assert q.is_sound()


def test_release_rings_the_bell_once(q):
    q.push("a", "b")
    q.take("w", 2)
    q.silence()

    q.release("a", "b")

    assert q.rings() == 1


def test_release_of_nothing_rings_not(q):
    q.release("a")

    assert q.rings() == 0


def test_bytes_of_any_kind_come_back_unchanged(q):
    raw = bytes(range(256)) * 10
    q.store.intake.push("q", [NewJob("a", raw, 0)])
    q.take("w")

    q.release("a", payload=raw[::-1])

    assert q.fetch("w", 1).jobs == [("a", raw[::-1])]
