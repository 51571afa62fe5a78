"""finish.lua moves a job to the done set, with its result.

It does so only if the job is still ours.
"""

import pytest

from tests.jobs.store.sample_queue import raw_payload


@pytest.fixture
def running(q):
    """Return a queue in which worker w runs job a."""
    q.push("a")
    q.take("w")
    return q


def finish(q, token="w#1", keep_seconds=60.0):
    return q.store.running.finish("q", token, "a", b"with result", keep_seconds)


def test_finished_job_is_kept_with_its_result_until_it_expires(running):
    before = running.now()

    assert finish(running)

    assert running.places() == {"a": ["done"]}
    assert running.payload("a") == b"with result"
    assert before + 60_000 <= running.score("done", "a") <= running.now() + 60_000


def test_finished_job_is_counted(running):
    finish(running)

    assert (
        running.stat("processed") == running.stat(f"processed:{running.now() // 86_400_000}") == 1
    )
    assert running.stat("failed") == 0


@pytest.mark.parametrize("token", ["other#1", "w#2", "w#11", "w#", "w", "", "w#1|0"])
def test_taking_that_is_not_the_one_that_runs_is_refused(running, token):
    assert not finish(running, token)

    assert running.places() == {"a": ["running"]}
    assert running.payload("a") == raw_payload("a")
    assert running.stat("processed") == 0


def test_finish_sent_again_changes_nothing(running):
    finish(running)
    expires = running.score("done", "a")

    assert not finish(running, keep_seconds=600)

    assert running.score("done", "a") == expires
    assert running.stat("processed") == 1


def test_job_that_others_took_back_is_left_alone(running):
    running.release("a")

    assert not finish(running)

    assert running.places() == {"a": ["ready"]}


def test_job_that_the_same_worker_took_again_is_left_alone(running):
    running.release("a")
    running.take("w")

    assert not finish(running)
    assert finish(running, "w#2")


def test_condemned_worker_may_still_finish_what_it_owns(running):
    running.leases.condemn("q", "w")

    assert finish(running)


def test_expired_results_are_removed_in_portions(running):
    past = {f"{n:04}": n for n in range(250)}
    running.client.hset(running.keys.payloads, mapping=dict.fromkeys(past, b"{}"))
    running.client.zadd(running.keys.done, past)

    finish(running)

    assert running.ids("done") == [*(f"{n:04}" for n in range(100, 250)), "a"]
    assert running.is_sound()


def test_result_kept_for_no_time_is_gone(running):
    assert finish(running, keep_seconds=0)

    assert running.places() == {}


@pytest.mark.parametrize(
    ("counter", "counts"),
    [("processed", (1, 0, 0)), ("discarded", (0, 1, 0)), ("failed", (1, 0, 1))],
)
def test_record_of_a_job_that_did_not_go_well_is_counted_as_what_it_is(running, counter, counts):
    assert running.store.running.finish("q", "w#1", "a", b"record", 60.0, counter=counter)

    assert running.places() == {"a": ["done"]}
    assert tuple(map(running.stat, ("processed", "discarded", "failed"))) == counts
