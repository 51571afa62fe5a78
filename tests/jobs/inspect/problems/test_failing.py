"""Rule: job classes fail more often than they usually do."""

import time

import pytest

from jobs.store.metrics import Measure, MetricStore
from tests.jobs.inspect.filling import beat, push


@pytest.fixture(autouse=True)
def worker(store):
    push(store)
    store.client.delete(store.keys("default").ready)
    beat(store)


def measure(store, minutes, runs, failures, job_class="shop.Charge"):
    """Let so many runs and failures have ended in each of these minutes."""
    measures = []
    for minute in minutes:
        each = Measure()
        each.add_many([0.01] * runs, failures=failures)
        measures.append((f"job:{job_class}", time.time() - 60 * minute, each))
    MetricStore(store).add(measures)
    store.client.zadd(store.shared.metric_names, {f"job:{job_class}": time.time()}, gt=True)


HOURS_AGO = range(40, 400, 10)


def test_a_class_that_fails_for_minutes_is_a_problem_since_it_began(store, judge):
    measure(store, HOURS_AGO, runs=100, failures=1)
    measure(store, range(4), runs=20, failures=10)

    found = judge()

    assert list(found) == ["failures:shop.Charge"]
    problem = found["failures:shop.Charge"]
    assert problem.reason == ("50 % of the last 80 runs of shop.Charge failed. Usually 1 % fail.")
    assert problem.since.timestamp() == pytest.approx(time.time() // 60 * 60 - 180, abs=61)
    assert problem.since.timestamp() % 60 == 0
    assert problem.where == "failures/"


def test_a_burst_of_a_minute_is_no_problem(store, judge):
    measure(store, range(1, 3), runs=500, failures=500)

    assert judge() == {}


def test_what_usually_fails_may_fail(store, judge):
    measure(store, HOURS_AGO, runs=100, failures=40)
    measure(store, range(4), runs=100, failures=50)

    assert judge() == {}


def test_what_usually_fails_a_little_is_a_problem_when_most_of_it_fails(store, judge):
    measure(store, HOURS_AGO, runs=100, failures=40)
    measure(store, range(4), runs=100, failures=80)

    assert list(judge()) == ["failures:shop.Charge"]


def test_an_hour_of_failures_does_not_become_usual(store, judge):
    measure(store, range(100, 400, 10), runs=100, failures=0)
    measure(store, range(70), runs=100, failures=100)

    [problem] = judge().values()

    assert "Usually 0 %" in problem.reason
    assert time.time() - problem.since.timestamp() == pytest.approx(69 * 60, abs=62)


def test_one_job_that_fails_again_and_again_is_no_problem(store, judge):
    measure(store, range(6), runs=1, failures=1)

    assert judge() == {}


def test_failures_among_many_good_runs_are_no_problem(store, judge):
    measure(store, range(6), runs=1_000, failures=20)

    assert judge() == {}


def test_trouble_that_is_over_is_no_problem(store, judge):
    measure(store, range(10, 30), runs=100, failures=100)
    measure(store, range(10), runs=100, failures=0)

    assert judge() == {}


def test_only_the_ten_classes_that_fail_most_are_looked_at_closely(store, judge):
    for n in range(12):
        measure(store, range(4), runs=20 + n, failures=20 + n, job_class=f"shop.Job{n:02}")

    assert sorted(judge()) == [f"failures:shop.Job{n:02}" for n in range(2, 12)]
