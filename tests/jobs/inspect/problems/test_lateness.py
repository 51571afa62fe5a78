"""Rule: queues are late or unserved."""

import time

import pytest

from jobs import control
from tests.jobs.inspect.filling import beat, push, put


def ago(problem):
    return time.time() - problem.since.timestamp()


def test_a_late_queue_is_a_problem_since_its_oldest_job_became_late(store, judge):
    beat(store)
    push(store, ago=200)
    push(store, priority=5)

    found = judge()

    assert list(found) == ["queue_late:default"]
    problem = found["queue_late:default"]
    assert problem.reason == "Queue default is late: its oldest job has waited for 3 minutes."
    assert problem.where == "queues/default/"
    assert ago(problem) == pytest.approx(140, abs=2)


def test_a_burst_of_a_minute_is_no_problem(store, judge):
    beat(store)
    push(store, count=2_000, ago=55)

    assert judge() == {}


def test_a_paused_queue_may_be_late(store, judge):
    beat(store)
    push(store, ago=5_000)
    control.pause("default")

    assert judge() == {}


@pytest.mark.parametrize("name", ["scheduled", "retry"])
def test_jobs_that_are_due_and_not_taken_are_late(store, judge, name):
    beat(store)
    put(store, name, at=time.time() - 100)
    put(store, name, at=time.time() + 100)

    assert ago(judge()["queue_late:default"]) == pytest.approx(40, abs=2)


def test_a_job_that_was_due_before_all_time_hides_no_other_problem(store, judge):
    beat(store)
    put(store, "scheduled", at=1.0, id="odd")
    store.client.zadd(store.keys("default").scheduled, {"odd": "-inf"})
    push(store, "reports", ago=300)

    assert set(judge()) == {"queue_late:default", "queue_unserved:reports"}


def test_a_queue_that_no_worker_takes_is_a_problem_and_not_late_too(store, judge):
    beat(store)
    push(store, "reports", ago=300)

    found = judge()

    assert list(found) == ["queue_unserved:reports"]
    problem = found["queue_unserved:reports"]
    assert "runjobs -q reports" in problem.remedy
    assert problem.where == "queues/reports/"
    assert ago(problem) == pytest.approx(300, abs=2)


def test_a_queue_that_is_new_may_wait_for_its_worker(store, judge):
    beat(store)
    push(store, "reports", ago=30)

    assert judge() == {}


def test_limits_of_the_caller_and_of_the_settings_count(store, judge, settings):
    beat(store)
    push(store, ago=100)
    assert judge(max_latency=120) == {}

    settings.JOBS = {**settings.JOBS, "CHECK_MAX_LATENCY": 120}
    assert judge() == {}
    assert list(judge(max_latency=20)) == ["queue_late:default"]


def test_a_late_queue_is_told_until_it_is_told_that_no_worker_is_there(store, judge):
    """A worker that died counts as missing only after a while.

    In between neither was told, so the page said for 15 seconds that the queue is well.
    """
    beat(store, ago=35, beat_at=time.time() - 35)
    push(store, ago=300)

    assert "queue_late:default" in judge()


def test_a_late_queue_without_a_worker_is_told_once(store, judge):
    beat(store, ago=100, beat_at=time.time() - 100)
    push(store, ago=300)

    found = judge()

    assert "workers_missing:" in found
    assert "queue_late:default" not in found
    assert "queue_unserved:default" not in found
