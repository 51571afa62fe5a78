"""fetch.lua: what one fetch promotes and takes."""

import pytest

from jobs.store import NewJob
from jobs.store.running import MOST_FETCHED_BYTES
from tests.jobs.store.sample_queue import raw_payload
from tests.waiting import wait_until

HOUR = 3_600_000


def commands(q, name):
    """Return how often Redis has run a command, inside scripts too."""
    return q.client.info("commandstats").get(f"cmdstat_{name}", {}).get("calls", 0)


def test_fetched_job_runs_under_the_workers_name(q):
    q.push("a")

    fetched = q.fetch("w", 1)

    assert fetched.jobs == [("a", raw_payload("a"))]
    assert q.running() == {"a": "w"}
    assert q.places() == {"a": ["running"]}


def test_no_more_is_taken_than_asked_for(q):
    q.push("a", "b", "c")

    assert q.take("w", 2) == ["a", "b"]
    assert q.take("w", 2) == ["c"]
    assert q.take("w", 2) == []


def test_two_workers_never_take_the_same_job(q):
    q.push("a", "b")

    assert q.take("w1") + q.take("w2") == ["a", "b"]
    assert q.running() == {"a": "w1", "b": "w2"}


def test_fetch_of_nothing_takes_nothing(q):
    q.push("a")

    assert q.take("w", 0) == []
    assert q.places() == {"a": ["ready"]}


def test_what_is_taken_gets_the_numbers_of_its_fetch_in_its_order(q):
    q.push("c", "a", priority=1)
    q.push("b")
    places = {job_id: f"{q.score('ready', job_id):.0f}" for job_id in ("a", "b", "c")}

    q.fetch("w", 3, first=1_000_000_000_000)

    held = {i.decode(): by.decode() for i, by in q.client.hgetall(q.keys.running).items()}
    assert held == {
        job_id: f"w#{1_000_000_000_000 + n}|{places[job_id]}"
        for n, job_id in enumerate(("a", "c", "b"))
    }


def test_more_is_asked_for_than_one_script_can_take(q):
    for portion in range(5):
        q.push(*[f"{portion}{n:03}" for n in range(1000)])

    taken = q.take("w", 5000)

    assert len(taken) == 1000
    assert sorted(q.number(job_id) for job_id in taken) == list(range(1, 1001))
    assert set(q.running()) == set(taken)
    assert q.is_sound()


# Promotion


def test_due_job_is_promoted_and_taken_at_its_priority(q):
    q.push("later", due="+1")
    q.push("important", priority=1, due="+1")
    wait_until(
        lambda: q.now() > max(q.score("scheduled", "later"), q.score("scheduled", "important"))
    )
    q.push("new")

    assert q.take("w", 3) == ["important", "later", "new"]
    assert q.ids("scheduled") == []


def test_job_that_is_not_due_stays(q):
    q.push("a", due=f"+{HOUR}")

    assert q.take("w") == []
    assert q.places() == {"a": ["scheduled"]}


def test_due_retry_is_promoted(q):
    q.push("a")
    q.take("w")
    q.store.running.fail("q", q.token("a"), "a", raw_payload("a"), "retry", delay_seconds=0)
    wait_until(lambda: q.now() > q.score("retry", "a"))

    assert q.take("w") == ["a"]
    assert q.places() == {"a": ["running"]}


def test_time_to_the_next_due_job_is_told(q):
    q.push("a", due=f"+{2 * HOUR}")
    q.push("b", due=f"+{HOUR}")

    assert 3590 < q.fetch("w", 1).next_due_seconds <= 3600


def test_next_due_job_may_be_a_retry(q):
    q.push("a")
    q.push("b", due=f"+{HOUR}")
    q.take("w")
    q.store.running.fail("q", q.token("a"), "a", raw_payload("a"), "retry", delay_seconds=60)

    assert 50 < q.fetch("w", 1).next_due_seconds <= 60


def test_nothing_is_due_next_when_nothing_waits_for_its_time(q):
    q.push("a")

    assert q.fetch("w", 1).next_due_seconds is None


def test_due_jobs_are_promoted_in_portions_and_the_rest_is_announced_as_due_now(q):
    past = str(q.now() - 1000)
    q.client.hset(q.keys.payloads, mapping={f"{n:04}": raw_payload(f"{n:04}") for n in range(250)})
    q.client.zadd(q.keys.scheduled, {f"{n:04}": past for n in range(250)})

    fetched = q.fetch("w", 0)

    assert fetched.next_due_seconds == 0
    assert len(q.ids("ready")) == 100
    assert len(q.ids("scheduled")) == 150
    assert q.is_sound()


@pytest.mark.parametrize("waiting", [200, 20_000])
def test_one_fetch_does_the_same_work_however_many_jobs_are_due(q, waiting):
    past = q.now() - 1000
    for name in ("scheduled", "retry"):
        ids = [f"{name}{n:05}" for n in range(waiting)]
        q.client.hset(q.keys.payloads, mapping={i: raw_payload(i) for i in ids})
        q.client.zadd(getattr(q.keys, name), dict.fromkeys(ids, past))
    q.fetch("w", 0)
    q.client.config_resetstat()

    assert len(q.take("w", 10)) == 10

    assert commands(q, "zadd") == 201  # the lease, and a portion of each set
    assert commands(q, "hget") == 201  # the number seen last, and as many payloads
    assert commands(q, "zpopmin") == 1


def test_job_without_readable_payload_is_promoted_with_the_usual_priority(q):
    q.store.intake.push("q", [NewJob("a", b"\xff", 0, "+1")])
    wait_until(lambda: q.now() > q.score("scheduled", "a"))

    assert q.fetch("w", 1).jobs == [("a", b"\xff")]


# The bytes of one answer


@pytest.mark.parametrize("waiting", [30, 90])
def test_large_payloads_end_a_fetch_with_the_portion_that_passed_the_limit(q, waiting):
    put_ready(q, waiting, size=300_000)

    taken = q.take("w", 1000)

    assert len(taken) == min(waiting, 32)
    assert set(q.running()) == set(taken)
    assert q.is_sound()
    assert q.rings() == (waiting > 32)


def test_payloads_below_the_limit_are_taken_in_as_many_portions_as_it_takes(q):
    put_ready(q, 100, size=MOST_FETCHED_BYTES // 70)

    taken = q.take("w", 1000)

    assert taken == [f"{n:03}" for n in range(96)]
    assert q.rings() == 1


def test_promotion_of_large_payloads_ends_with_the_one_that_passed_the_limit(q):
    for name in ("scheduled", "retry"):
        ids = [f"{name}{n:02}" for n in range(20)]
        q.client.hset(q.keys.payloads, mapping=dict.fromkeys(ids, b"x" * 300000))
        q.client.zadd(getattr(q.keys, name), {job_id: n for n, job_id in enumerate(ids)})

    fetched = q.fetch("w", 0)

    assert fetched.next_due_seconds == 0
    assert q.ids("scheduled") == [f"scheduled{n:02}" for n in range(7, 20)]
    assert q.ids("retry") == [f"retry{n:02}" for n in range(7, 20)]
    assert q.is_sound()


def put_ready(q, count, size):
    ids = [f"{n:03}" for n in range(count)]
    q.client.hset(q.keys.payloads, mapping=dict.fromkeys(ids, b"x" * size))
    q.client.zadd(q.keys.ready, {job_id: n for n, job_id in enumerate(ids)})


# Results that expire


def test_expired_results_go_a_hundred_at_a_time(q):
    put_done(q, 150)

    assert q.fetch("w", 0).next_due_seconds == 0
    assert len(q.ids("done")) == 50
    assert q.is_sound()

    assert q.fetch("w", 0).next_due_seconds is None
    assert q.places() == {}


def test_result_that_is_kept_longer_stays(q):
    put_done(q, 1, at=q.now() + HOUR)

    assert q.fetch("w", 0).next_due_seconds is None
    assert q.places() == {"000": ["done"]}


def put_done(q, count, at=1):
    ids = [f"{n:03}" for n in range(count)]
    q.client.hset(q.keys.payloads, mapping=dict.fromkeys(ids, b"{}"))
    q.client.zadd(q.keys.done, dict.fromkeys(ids, at))


# What may not be taken


def test_paused_queue_gives_nothing_but_finishes_and_promotes(q):
    q.push("a", "b")
    q.take("w")
    q.client.hset(q.keys.meta, "paused", 1)

    fetched = q.fetch("w", 5, finished=["a"])

    assert (fetched.state, fetched.jobs, fetched.lost) == ("good", [], [])
    assert q.places() == {"b": ["ready"]}


def test_paused_queue_wakes_nobody(q):
    q.push("a")
    q.client.hset(q.keys.meta, "paused", 1)
    q.silence()

    q.fetch("w", 1)

    assert q.rings() == 0


def test_resumed_queue_gives_again(q):
    q.push("a")
    q.client.hset(q.keys.meta, "paused", 1)
    q.take("w")
    q.client.hdel(q.keys.meta, "paused")

    assert q.take("w") == ["a"]


def test_job_whose_payload_is_gone_is_reported_and_runs_not(q):
    q.push("a", "b")
    q.client.hdel(q.keys.payloads, "a")

    assert q.fetch("w", 2, first=1).jobs == [("a", None), ("b", raw_payload("b"))]
    assert q.places() == {"b": ["running"]}
    # The lost one used up a number, so that the worker can count along.
    assert q.token("b") == "w#2"


# The bell


def test_who_leaves_work_behind_wakes_the_next(q):
    q.push("a", "b")
    q.silence()

    q.take("w")

    assert q.rings() == 1


def test_who_takes_nothing_wakes_the_next(q):
    q.push("a")
    q.silence()

    q.take("w", 0)

    assert q.rings() == 1


def test_what_was_promoted_and_left_behind_wakes_the_next(q):
    q.push("a", due="+1")
    wait_until(lambda: q.now() > q.score("scheduled", "a"))
    q.silence()

    q.take("w", 0)

    assert q.rings() == 1


def test_who_takes_all_wakes_nobody(q):
    q.push("a", "b")
    q.silence()

    q.take("w", 2)

    assert q.rings() == 0


def test_bell_that_rings_already_is_left_alone(q):
    q.push("a", "b", "c")

    q.take("w")

    assert q.rings() == 1
