"""fail.lua moves a running job that has failed.

It goes to the retry set, to the dead set, or away, if it is still ours.
"""

import pytest

from tests.jobs.store.sample_queue import raw_payload

DAY = 86_400


@pytest.fixture
def running(q):
    """Return a queue in which worker w runs job a."""
    q.push("a")
    q.take("w")
    q.silence()
    return q


def fail(q, outcome, token=None, job_id="a", **options):
    return q.store.running.fail("q", token or q.token(job_id), job_id, b"new", outcome, **options)


def test_retry_waits_for_its_time_with_the_new_payload(running):
    before = running.now()

    assert fail(running, "retry", delay_seconds=60)

    assert running.places() == {"a": ["retry"]}
    assert running.payload("a") == b"new"
    assert before + 60_000 <= running.score("retry", "a") <= running.now() + 60_000


def test_dead_job_is_kept_with_the_time_of_its_death(running):
    before = running.now()

    assert fail(running, "dead")

    assert running.places() == {"a": ["dead"]}
    assert running.payload("a") == b"new"
    assert before <= running.score("dead", "a") <= running.now()


def test_discarded_job_is_gone(running):
    assert fail(running, "discard")

    assert running.places() == {}


@pytest.mark.parametrize("outcome", ["retry", "dead", "discard"])
def test_failure_is_counted_as_processed_too(running, outcome):
    fail(running, outcome)

    today = running.now() // (DAY * 1000)
    names = ("failed", f"failed:{today}", "processed", f"processed:{today}")
    assert [running.stat(name) for name in names] == [1, 1, 1, 1]


def test_crash_is_counted_as_a_crash_only(running):
    fail(running, "retry", counter="crashed")

    assert [running.stat(name) for name in ("crashed", "failed", "processed")] == [1, 0, 0]


@pytest.mark.parametrize("outcome", ["retry", "dead", "discard"])
@pytest.mark.parametrize("token", ["other#1", "w#2", "w#11", "w#", "w", "w#1|0"])
def test_taking_that_is_not_the_one_that_runs_is_refused(running, outcome, token):
    assert not fail(running, outcome, token)

    assert running.places() == {"a": ["running"]}
    assert running.payload("a") == raw_payload("a")
    assert running.stat("failed") == 0


@pytest.mark.parametrize("outcome", ["retry", "dead", "discard"])
def test_failure_sent_again_changes_nothing(running, outcome):
    fail(running, outcome, "w#1", delay_seconds=60)
    before = running.places()

    assert not fail(running, outcome, "w#1", delay_seconds=60)

    assert running.places() == before
    assert running.stat("failed") == 1


@pytest.mark.parametrize("outcome", ["retry", "dead", "discard"])
def test_job_that_others_took_back_and_run_now_is_left_alone(running, outcome):
    running.leases.condemn("q", "w")
    running.release("a")
    running.take("other")

    assert not fail(running, outcome, "w#1")

    assert running.running() == {"a": "other"}


@pytest.mark.parametrize("outcome", ["retry", "dead", "discard"])
def test_job_that_the_same_worker_took_again_is_left_alone(running, outcome):
    running.release("a")
    running.take("w")

    assert not fail(running, outcome, "w#1")

    assert running.token("a") == "w#2"
    assert running.payload("a") == raw_payload("a")


def test_condemned_worker_may_still_fail_what_it_owns(running):
    running.leases.condemn("q", "w")

    assert fail(running, "dead")

    assert running.places() == {"a": ["dead"]}


def test_unknown_job_is_refused(q):
    assert not fail(q, "dead")

    assert q.places() == {}


# The bell


def test_retry_that_is_due_before_all_others_rings(running):
    running.push("b")
    running.take("w")
    fail(running, "retry", delay_seconds=60)
    assert running.rings() == 1

    running.silence()
    fail(running, "retry", job_id="b", delay_seconds=30)
    assert running.rings() == 1


def test_later_retry_rings_not(running):
    running.push("b")
    running.take("w")
    fail(running, "retry", delay_seconds=60)
    running.silence()

    fail(running, "retry", job_id="b", delay_seconds=90)

    assert running.rings() == 0


@pytest.mark.parametrize("outcome", ["dead", "discard"])
def test_what_does_not_come_back_rings_not(running, outcome):
    fail(running, outcome)

    assert running.rings() == 0


# The limits of the dead set


def test_dead_set_keeps_the_newest_up_to_its_limit(q):
    ids = [f"{n}" for n in range(5)]
    q.push(*ids)
    q.take("w", 5)

    for job_id in ids:
        fail(q, "dead", job_id=job_id, dead_limits=(3, 180))

    assert q.ids("dead") == ["2", "3", "4"]
    assert q.payloads() == {"2", "3", "4"}


def test_dead_set_forgets_what_is_too_old(running):
    long_ago = running.now() - 181 * DAY * 1000
    running.client.hset(running.keys.payloads, "old", b"{}")
    running.client.zadd(running.keys.dead, {"old": long_ago})

    fail(running, "dead", dead_limits=(10, 180))

    assert running.places() == {"a": ["dead"]}


def test_dead_set_is_trimmed_in_portions(running):
    times = {f"{n:04}": n for n in range(500)}
    running.client.hset(running.keys.payloads, mapping=dict.fromkeys(times, b"{}"))
    running.client.zadd(running.keys.dead, times)

    fail(running, "dead", dead_limits=(10, 180))

    assert running.ids("dead") == [*(f"{n:04}" for n in range(200, 500)), "a"]
    assert running.is_sound()


def test_count_and_age_do_not_trim_the_same_job_twice(running):
    now = running.now()
    times = {"ancient": 1, "new1": now - 3, "new2": now - 2, "new3": now - 1}
    running.client.hset(running.keys.payloads, mapping=dict.fromkeys(times, b"{}"))
    running.client.zadd(running.keys.dead, times)

    fail(running, "dead", dead_limits=(3, 180))

    assert running.ids("dead") == ["new2", "new3", "a"]
    assert running.is_sound()


def test_dead_set_of_size_zero_keeps_nothing(running):
    assert fail(running, "dead", dead_limits=(0, 180))

    assert running.places() == {}
