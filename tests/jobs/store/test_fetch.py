"""fetch.lua: finish, renew, promote and take in one round trip."""

import pytest

from jobs.store import NewJob
from tests.jobs.store.sample_queue import raw_payload
from tests.waiting import wait_until

HOUR = 3_600_000


def commands(q, name):
    """Return how often Redis has run a command, inside scripts too."""
    return q.client.info("commandstats").get(f"cmdstat_{name}", {}).get("calls", 0)


def test_fetched_job_runs_under_the_workers_name(q):
    q.push("a")

    fetched = q.fetch("w", 1)

    assert fetched.lease_is_good
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


def test_more_is_asked_for_than_one_script_can_take(q):
    for portion in range(5):
        q.push(*[f"{portion}{n:03}" for n in range(1000)])

    taken = q.take("w", 5000)

    assert 500 <= len(taken) < 5000
    assert set(q.running()) == set(taken)
    assert q.is_sound()


# Finishing


def test_finished_job_is_gone_and_counted(q):
    q.push("a", "b")
    q.take("w", 2)

    fetched = q.fetch("w", 0, finished=["a"])

    assert fetched.lost == []
    assert q.places() == {"b": ["running"]}
    assert q.stat("processed") == 1
    assert q.stat(f"processed:{q.now() // 86_400_000}") == 1


def test_job_of_another_worker_cannot_be_finished(q):
    q.push("a", "b")
    q.take("w1")
    q.take("w2")

    fetched = q.fetch("w2", 0, finished=["a", "b"])

    assert fetched.lost == ["a"]
    assert q.places() == {"a": ["running"]}
    assert q.stat("processed") == 1


def test_name_that_is_the_beginning_of_another_owns_nothing_of_it(q):
    q.push("a")
    q.take("host:1.1")

    assert q.fetch("host:1", 0, finished=["a"]).lost == ["a"]
    assert q.running() == {"a": "host:1.1"}


def test_finish_sent_again_reports_the_job_as_lost_and_harms_nothing(q):
    q.push("a")
    q.take("w")
    q.take("w", 0, finished=["a"])

    assert q.fetch("w", 0, finished=["a"]).lost == ["a"]
    assert q.stat("processed") == 1


def test_finishing_what_was_taken_back_is_refused(q):
    q.push("a")
    q.take("w1")
    q.store.release("q", "w1", [("a", b"")])

    assert q.fetch("w1", 0, finished=["a"]).lost == ["a"]
    assert q.places() == {"a": ["ready"]}


def test_one_job_is_finished_and_the_next_taken_in_one_call(q):
    q.push("a", "b")
    q.take("w")

    assert q.take("w", 1, finished=["a"]) == ["b"]
    assert q.running() == {"b": "w"}


# Promotion


def test_due_job_is_promoted_and_taken_at_its_priority(q):
    q.push("later", due="+1")
    q.push("important", priority=1, due="+1")
    wait_until(lambda: q.now() > max(q.score("scheduled", "later"), q.score("scheduled", "important")))
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
    q.store.fail("q", "w", "a", raw_payload("a"), "retry", delay_seconds=0)
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
    q.store.fail("q", "w", "a", raw_payload("a"), "retry", delay_seconds=60)

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
    assert commands(q, "hget") == 201  # whether it is paused, and as many payloads
    assert commands(q, "zpopmin") == 1


def test_job_without_readable_payload_is_promoted_with_the_usual_priority(q):
    q.store.push("q", [NewJob("a", b"\xff", 0, "+1")])
    wait_until(lambda: q.now() > q.score("scheduled", "a"))

    assert q.fetch("w", 1).jobs == [("a", b"\xff")]


# What may not be taken


def test_paused_queue_gives_nothing_but_finishes_and_promotes(q):
    q.push("a", "b")
    q.take("w")
    q.client.hset(q.keys.meta, "paused", 1)

    fetched = q.fetch("w", 5, finished=["a"])

    assert (fetched.lease_is_good, fetched.jobs, fetched.lost) == (True, [], [])
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

    assert q.fetch("w", 2).jobs == [("a", None), ("b", raw_payload("b"))]
    assert q.places() == {"b": ["running"]}


# Leases


def test_worker_must_join_first(q):
    q.push("a")

    fetched = q.fetch("w", 1, join=False)

    assert not fetched.lease_is_good
    assert fetched.jobs == []
    assert q.places() == {"a": ["ready"]}


def test_worker_that_joined_needs_to_join_no_more(q):
    q.fetch("w", 0)
    q.push("a")

    assert [i for i, _ in q.fetch("w", 1, join=False).jobs] == ["a"]


def test_fetch_renews_the_lease(q):
    q.store.fetch("q", "w", 0, lease=1, join=True)
    early = q.score("leases", "w")

    q.store.fetch("q", "w", 0, lease=60)

    assert q.score("leases", "w") >= early + 59_000


def test_condemned_worker_gets_nothing_but_may_finish_what_it_owns(q):
    q.push("a", "b")
    q.take("w")
    q.store.condemn("q", "w", is_dead=True)

    fetched = q.fetch("w", 1, finished=["a"], join=False)

    assert not fetched.lease_is_good
    assert (fetched.jobs, fetched.lost) == ([], [])
    assert q.places() == {"b": ["ready"]}


def test_condemned_worker_cannot_join_again_under_its_name(q):
    q.push("a")
    q.fetch("w", 0)
    q.store.condemn("q", "w", is_dead=True)

    assert not q.fetch("w", 1, join=True).lease_is_good
    assert q.places() == {"a": ["ready"]}


def test_worker_that_left_may_join_again(q):
    q.push("a")
    q.fetch("w", 0)
    q.store.leave("q", "w")

    assert not q.fetch("w", 1, join=False).lease_is_good
    assert q.take("w") == ["a"]


def test_late_worker_that_nobody_gave_up_goes_on(q):
    q.push("a")
    q.client.zadd(q.keys.leases, {"w": 1})

    fetched = q.fetch("w", 1, join=False)

    assert fetched.lease_is_good
    assert fetched.expired_worker is None
    assert [i for i, _ in fetched.jobs] == ["a"]


def test_worker_whose_lease_ran_out_is_reported_to_others(q):
    q.fetch("silent", 0)
    assert q.fetch("w", 0).expired_worker is None

    q.client.zadd(q.keys.leases, {"silent": q.now() - 1})

    assert q.fetch("w", 0).expired_worker == "silent"


def test_condemned_worker_is_reported_until_it_is_forgotten(q):
    q.fetch("dead", 0)
    q.store.condemn("q", "dead", is_dead=True)
    assert q.fetch("w", 0).expired_worker == "dead"

    q.store.leave("q", "dead")

    assert q.fetch("w", 0).expired_worker is None


# The bell


def test_who_leaves_work_behind_wakes_the_next(q):
    q.push("a", "b")
    q.silence()

    q.take("w")

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
