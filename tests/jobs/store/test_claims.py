"""A unique key is a reference to a job that waits or runs."""

import pytest

from jobs.store import Claim, NewJob
from tests.jobs.store.claiming import HOUR, debounced, end, faults, holders, job, push
from tests.jobs.store.sample_queue import raw_payload


def test_second_job_of_a_key_is_a_duplicate_of_the_first(q):
    assert push(q, job("a")) == {}

    assert push(q, job("b")) == {"b": "a"}

    assert q.places() == {"a": ["ready"]}
    assert holders(q) == {"k": "a"}


def test_jobs_of_other_keys_and_of_none_go_in(q):
    assert push(q, job("a"), job("b", key="other"), NewJob("c", raw_payload("c"), 0)) == {}

    assert q.ids("ready") == ["a", "b", "c"]


def test_same_key_twice_in_one_push_is_decided_in_order(q):
    assert push(q, job("b"), job("a"), job("c", key="other")) == {"a": "b"}

    assert q.ids("ready") == ["b", "c"]


def test_push_sent_again_answers_the_same_whatever_happened_meanwhile(q):
    push(q, job("old"))
    jobs = job("a"), job("b", key="other")
    assert push(q, *jobs) == {"a": "old"}
    q.take("w", 2)
    q.take("w", 0, finished=["old", "b"])

    assert push(q, *jobs) == {"a": "old"}

    assert q.places() == {}


@pytest.mark.parametrize(
    ("how", "held"),
    [
        ("finish", False),
        ("result", False),
        ("dead", False),
        ("discard", False),
        ("retry", True),
        ("release", True),
        ("stop", True),
    ],
)
def test_key_until_done_is_free_once_the_job_neither_waits_nor_runs(q, how, held):
    push(q, job("a"))
    q.take()
    assert push(q, job("b")) == {"b": "a"}

    end(q, "a", how)

    assert holders(q) == ({"k": "a"} if held else {})
    assert push(q, job("c")) == ({"c": "a"} if held else {})
    assert q.is_sound()
    assert faults(q) == []


@pytest.mark.parametrize(
    ("how", "held"), [("retry", False), ("release", True), ("stop", False), ("finish", False)]
)
def test_key_until_start_is_free_when_the_job_is_taken(q, how, held):
    push(q, job("a", until="start"))
    q.take()
    assert holders(q) == {}

    end(q, "a", how)

    assert holders(q) == ({"k": "a"} if held else {})
    assert push(q, job("b", until="start")) == ({"b": "a"} if held else {})
    assert faults(q) == []


def test_job_given_back_unstarted_leaves_the_key_to_its_successor(q):
    push(q, job("a", until="start"))
    q.take()
    push(q, job("b", until="start"))

    q.release("a")

    assert q.ids("ready") == ["a", "b"]
    assert holders(q) == {"k": "b"}
    q.take("w", 1)
    assert holders(q) == {"k": "b"}


@pytest.mark.parametrize("how", ["retry", "stop"])
@pytest.mark.parametrize("conflict", ["return", "replace"])
def test_job_that_has_begun_never_holds_its_key_again_nor_makes_room(q, how, conflict):
    push(q, job("a", until="start", conflict=conflict))
    q.take()
    end(q, "a", how)
    if how == "retry":
        q.store.sets.move("q", "retry", "ready", ["a"])
    q.take()
    end(q, "a", "release")  # untouched: no thread had time
    assert holders(q) == {}

    assert push(q, job("b", until="start", conflict=conflict)) == {}

    assert q.places() == {"a": ["ready"], "b": ["ready"]}
    assert holders(q) == {"k": "b"}
    assert faults(q) == []


def test_job_that_has_begun_and_died_comes_back_as_if_it_were_new(q):
    push(q, job("a", until="start"))
    for how in ("stop", "dead"):
        q.take()
        end(q, "a", how)
    q.store.sets.move("q", "dead", "ready", ["a"])
    assert holders(q) == {"k": "a"}
    q.take()
    assert holders(q) == {}

    end(q, "a", "release")

    assert holders(q) == {"k": "a"}


def test_late_end_of_the_old_job_leaves_the_key_of_the_new_one(q):
    push(q, job("a", until="start"))
    q.take()
    push(q, job("b", until="start"))

    q.take("w", 0, finished=["a"])

    assert holders(q) == {"k": "b"}


@pytest.mark.parametrize(
    ("how", "held"),
    [("finish", True), ("result", True), ("discard", True), ("retry", True), ("dead", False)],
)
def test_window_outlives_its_job_but_not_its_death(q, how, held):
    push(q, job("a", until=HOUR))
    q.take()

    end(q, "a", how)

    assert push(q, job("b", until=HOUR)) == ({"b": "a"} if held else {})
    assert faults(q) == []


def test_window_that_is_over_lets_the_next_job_in(q):
    push(q, job("a", until=HOUR))
    q.client.zadd(q.keys.windows, {"k": q.now() - 1})

    assert push(q, job("b", until=HOUR)) == {}

    assert q.ids("ready") == ["a", "b"]
    assert q.client.zscore(q.keys.windows, "k") > q.now()


def test_fetch_forgets_windows_that_are_over(q):
    push(q, job("a", until=HOUR), job("b", key="other", until=HOUR))
    q.client.zadd(q.keys.windows, {"k": q.now() - 1})

    q.fetch("w", 0)

    assert holders(q) == {"other": "b"}
    assert q.client.zcard(q.keys.windows) == 1


@pytest.mark.parametrize("until", ["done", "start", HOUR])
@pytest.mark.parametrize("source", ["ready", "scheduled"])
@pytest.mark.parametrize("destination", ["dead", "delete"])
def test_killed_or_deleted_job_frees_its_key(q, until, source, destination):
    push(q, job("a", due="+0" if source == "ready" else "+9999", until=until))

    q.store.sets.move("q", source, destination, ["a"])

    assert holders(q) == {}
    assert q.client.zcard(q.keys.windows) == 0
    assert push(q, job("b", until=until)) == {}


@pytest.mark.parametrize("until", ["done", "start", HOUR])
@pytest.mark.parametrize("destination", ["ready", "scheduled"])
def test_dead_job_comes_back_with_its_key(q, until, destination):
    push(q, job("a", until=until))
    q.store.sets.move("q", "ready", "dead", ["a"])

    assert q.store.sets.move("q", "dead", destination, ["a"], due_at=2e9) == 1

    assert push(q, job("b", until=until)) == {"b": "a"}


def test_dead_jobs_whose_place_is_taken_stay_and_are_counted(q):
    push(q, job("a"))
    q.store.sets.move("q", "ready", "dead", ["a"])
    push(q, job("b"), job("c", key="other"))
    q.store.sets.move("q", "ready", "dead", ["c"])
    barred: list[str] = []

    assert q.store.sets.move("q", "dead", "ready", ["a", "c"], barred=barred) == 1

    assert barred == ["a"]
    assert q.places() == {"a": ["dead"], "b": ["ready"], "c": ["ready"]}


def test_two_dead_jobs_of_one_key_come_back_one_at_a_time(q):
    push(q, job("a"))
    q.store.sets.move("q", "ready", "dead", ["a"])
    push(q, job("b"))
    q.store.sets.move("q", "ready", "dead", ["b"])

    assert q.store.sets.move("q", "dead", "ready", ["a", "b"]) == 1

    assert q.ids("dead") == ["b"]


def test_replacement_takes_the_place_of_a_ready_job(q):
    push(q, job("a", until="start"))
    q.push("other")

    assert push(q, job("b", until="start", conflict="replace")) == {}

    assert q.ids("ready") == ["b", "other"]
    assert q.payloads() == {"b", "other"}
    assert q.client.hkeys(q.keys.traits) == [b"b"]
    assert holders(q) == {"k": "b"}


def test_replacement_for_later_takes_its_own_time(q):
    push(q, job("a", until="start"))

    push(q, job("b", due=f"+{HOUR}", until="start", conflict="replace"))

    assert q.places() == {"b": ["scheduled"]}


def test_replacement_of_a_scheduled_job_that_may_run_now_is_ready(q):
    push(q, job("a", due=f"+{HOUR}", until="start"))
    q.silence()

    push(q, job("b", until="start", conflict="replace"))

    assert q.places() == {"b": ["ready"]}
    assert q.rings() == 1


def test_debounced_job_waits_anew_with_each_successor(q):
    push(q, debounced("a", 1000))
    first = q.score("scheduled", "a")

    push(q, debounced("b", 3000))

    assert q.places() == {"b": ["scheduled"]}
    assert q.score("scheduled", "b") >= first + 1999


def test_debounced_job_waits_no_longer_than_its_most(q):
    push(q, debounced("a", 1000, 2000))
    began = q.score("scheduled", "a") - 1000

    for number in range(5):
        push(q, debounced(f"b{number}", 1999, 2000))

    assert q.score("scheduled", "b4") <= began + 2000


def test_debounced_job_whose_most_is_over_is_ready(q):
    push(q, debounced("a"))
    q.client.hset(q.keys.traits, "a", f"unique=start/k first={q.now() - 6000}")

    push(q, debounced("b"))

    assert q.places() == {"b": ["ready"]}


def test_debounced_job_that_was_ready_keeps_its_place(q):
    push(q, debounced("a"))
    q.store.sets.move("q", "scheduled", "ready", ["a"])
    q.push("other")

    push(q, debounced("b"))

    assert q.ids("ready") == ["b", "other"]


def test_holder_that_has_expired_makes_room(q):
    push(q, job("a", expires_in=0, due="1000"))

    assert push(q, job("b")) == {}

    assert q.places() == {"b": ["ready"]}
    assert holders(q) == {"k": "b"}


def test_holder_that_runs_does_not_expire(q):
    push(q, job("a", expires_in=0, due="1000"))
    q.take()

    assert push(q, job("b")) == {"b": "a"}


def test_holder_expires_from_when_it_was_due(q):
    push(q, job("a", expires_in=0, due=f"+{HOUR}"))

    assert push(q, job("b")) == {"b": "a"}


def test_id_of_the_caller_is_one_job_as_long_as_it_is_kept(q):
    push(q, NewJob("x", raw_payload("x"), 0, claim=Claim(push="1")))

    assert push(q, NewJob("x", raw_payload("x"), 0, claim=Claim(push="2"))) == {"x": "x"}
    assert push(q, NewJob("x", raw_payload("x"), 0, claim=Claim(push="1"))) == {}

    q.take()
    q.take("w", 0, finished=["x"])
    assert push(q, NewJob("x", raw_payload("x"), 0, claim=Claim(push="3"))) == {}
    assert q.ids("ready") == ["x"]
