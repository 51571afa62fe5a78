"""Rule: queues are late or unserved."""

import time

import pytest

from jobs import control
from tests.jobs.inspect.filling import beat, fetch, push, put


def ago(problem):
    return time.time() - problem.since.timestamp()


def test_a_late_queue_is_a_problem_since_its_oldest_job_waits(store, judge):
    beat(store)
    push(store, ago=200)
    push(store, priority=5)

    found = judge()

    assert list(found) == ["queue_late:default"]
    problem = found["queue_late:default"]
    assert problem.reason == "Queue default is late: its oldest job has waited for 3 minutes."
    assert problem.where == "queues/default/"
    assert ago(problem) == pytest.approx(200, abs=2)


def test_a_burst_of_a_minute_is_no_problem(store, judge):
    beat(store)
    push(store, count=2_000, ago=55)

    assert judge() == {}


def test_a_late_queue_that_runs_as_many_as_it_may_is_told_the_limit(store, judge):
    beat(store)
    push(store, ago=200)
    push(store, priority=9)
    fetch(store)
    control.limit("default", 1)

    remedy = judge()["queue_late:default"].remedy

    assert "1 at a time" in remedy
    assert "manage.py jobs limit default N" in remedy


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

    assert ago(judge()["queue_late:default"]) == pytest.approx(100, abs=2)


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


def test_a_late_queue_without_a_worker_is_told_as_a_lack_of_workers(store, judge):
    """A worker that died counted as missing only 45 seconds later.

    Until then its queue was told as late, and people looked for what keeps the workers busy.
    """
    beat(store, ago=35, beat_at=time.time() - 35)
    push(store, ago=300)

    found = judge()

    assert list(found) == ["workers_missing:"]
    assert ago(found["workers_missing:"]) == pytest.approx(35, abs=2)


def test_a_late_queue_that_no_worker_takes_is_told_as_unserved_at_once(store, judge):
    beat(store)
    push(store, "reports", ago=20)

    assert list(judge(max_latency=10)) == ["queue_unserved:reports"]


def test_a_late_queue_of_a_worker_that_ends_in_good_order_is_late(store, judge):
    """A deploy is about to start another one."""
    beat(store, quiet=1, stopping=1)
    push(store, ago=300)

    assert list(judge()) == ["queue_late:default"]


def test_a_queue_may_wait_where_workers_run_by_the_hour(store, judge):
    push(store, ago=100)

    assert judge(min_workers=0, max_latency=7_200) == {}
    assert list(judge(min_workers=0)) == ["queue_unserved:default"]


def test_a_late_queue_without_a_worker_is_told_once(store, judge):
    beat(store, ago=100, beat_at=time.time() - 100)
    push(store, ago=300)

    assert list(judge()) == ["workers_missing:"]
