"""Rule: too few workers take jobs."""

import time

import pytest

from jobs import control
from tests.jobs.inspect.filling import beat, push


def leave(store, worker, ago, queue="default"):
    """Let a worker have left its queue so many seconds ago."""
    store.client.zadd(store.keys(queue).ended, {worker: (time.time() - ago) * 1000})


def missing_since(found):
    """Return how many seconds ago workers became too few."""
    return time.time() - found["workers_missing:"].since.timestamp()


def test_nothing_is_wrong_with_a_new_system(judge):
    assert judge() == {}


def test_all_is_well_in_an_idle_night(store, judge):
    push(store)
    store.client.delete(store.keys("default").ready)
    beat(store)

    assert judge() == {}


def test_no_worker_is_a_problem_since_the_last_one_ended(store, judge):
    push(store, ago=10)
    leave(store, "one", ago=500)
    leave(store, "two", ago=100, queue="default")

    found = judge()

    assert list(found) == ["workers_missing:"]
    assert found["workers_missing:"].reason == "No worker takes jobs."
    assert "python manage.py runjobs" in found["workers_missing:"].remedy
    assert missing_since(found) == pytest.approx(100, abs=2)


def test_a_worker_whose_jobs_were_taken_back_ended_when_it_was_last_seen(store, judge):
    """It was named 20 seconds late, since its end counted from the recovery."""
    push(store)
    beat(store, "frozen", ago=50, beat_at=time.time() - 50)
    leave(store, "frozen", ago=25)

    assert missing_since(judge()) == pytest.approx(50, abs=2)


def test_a_deploy_is_no_problem(store, judge):
    push(store, ago=20)
    leave(store, "old", ago=20)

    assert judge() == {}


def test_a_deploy_of_a_late_queue_is_no_problem_while_some_workers_take_jobs(store, judge):
    beat(store, "new", started_at=time.time() - 5)
    leave(store, "old", ago=20)
    push(store, ago=300)

    assert list(judge(min_workers=2)) == ["queue_late:default"]


def test_a_worker_that_stops_counts_until_it_has_ended(store, judge):
    push(store)
    beat(store, quiet=1, stopping=1)

    assert judge() == {}


def test_a_quiet_worker_takes_no_jobs(store, judge):
    push(store)
    beat(store, quiet=1, quiet_since=time.time() - 90)

    assert missing_since(judge()) == pytest.approx(90, abs=2)


def test_jobs_of_a_system_without_any_worker_are_a_problem_after_a_while(store, judge):
    push(store, ago=10)
    assert judge() == {}

    push(store, ago=50)
    assert list(judge()) == ["workers_missing:"]


def test_workers_are_counted_back_to_when_there_were_enough(store, judge):
    push(store)
    beat(store, "one", started_at=time.time() - 1_000)
    beat(store, "two", started_at=time.time() - 60)
    leave(store, "restarted", ago=70)
    leave(store, "lost", ago=300)

    found = judge(min_workers=3)

    assert found["workers_missing:"].reason == "Only 2 of 3 workers take jobs."
    assert missing_since(found) == pytest.approx(300, abs=2)


def test_a_worker_that_took_another_name_in_a_queue_has_not_ended(store, judge):
    push(store)
    beat(store, "host:1:abcd")
    leave(store, "host:1:abcd.2", ago=100)

    assert judge() == {}


def test_no_worker_need_be_there_where_none_is_asked_for(store, judge, settings):
    settings.JOBS = {**settings.JOBS, "CHECK_MIN_WORKERS": 0}
    push(store)
    leave(store, "one", ago=500)

    assert judge() == {}


def test_a_paused_queue_without_a_worker_is_still_without_one(store, judge):
    push(store, ago=100)
    control.pause("default")

    assert list(judge()) == ["workers_missing:"]


def test_an_end_in_the_future_hides_nothing(store, judge):
    push(store)
    leave(store, "one", ago=100)
    store.client.zadd(store.keys("default").ended, {"odd": float("inf")})

    assert missing_since(judge()) == pytest.approx(100, abs=2)
