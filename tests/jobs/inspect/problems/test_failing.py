"""Rule: job classes fail more often than they usually do."""

import time
from types import SimpleNamespace

import pytest

from jobs.inspect.problems.failing import Failing, judge_failing
from jobs.store.metrics import Measure, MetricStore
from tests.jobs.inspect.filling import beat, push


@pytest.fixture(autouse=True)
def worker(store):
    push(store)
    store.client.delete(store.keys("default").ready)
    beat(store)


def measure(store, minutes, runs, failures, job_class="shop.Charge"):
    """Let so many runs and failures have ended in each of these minutes."""
    measure_at(store, [60 * minute for minute in minutes], runs, failures, job_class)


def measure_at(store, seconds_ago, runs, failures, job_class="shop.Charge"):
    """Let so many runs and failures have ended at each of these moments."""
    now, each = time.time(), counted(runs, failures)
    MetricStore(store).add([(f"job:{job_class}", now - ago, each) for ago in seconds_ago])
    store.client.zadd(store.shared.metric_names, {f"job:{job_class}": time.time()}, gt=True)


def counted(runs, failures):
    made = Measure()
    made.add_many([0.01] * runs, failures=failures)
    return made


def judged(ten_seconds=(), minutes=(), usual=0):
    """Return what is told of a class of which so many percent usually fail.

    The last stretch of each is the present one.
    """
    past = [counted(100, usual)] * 432
    failing = Failing("shop.Charge", padded(ten_seconds, 6), padded(minutes, 480), past)
    limits = SimpleNamespace(failures=0.25)
    facts = SimpleNamespace(failing=[failing], limits=limits, now=NOW, deploys=())
    return list(judge_failing(facts))


def padded(slots, count):
    return [None] * (count - len(slots)) + list(slots)


#: 2025-11-24 23:59:45 UTC.
NOW = 1_764_028_785.0
GOOD, BAD = counted(10, 0), counted(10, 10)
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


@pytest.mark.parametrize(
    ("minutes_ago", "remedy"),
    [
        (None, "Look at their errors, and at what was deployed before."),
        (3, "It began after the deploy of v7. Look at their errors."),
        (15, "It began after the deploy of v7. Look at their errors."),
        (30, "Look at their errors, and at what was deployed before."),
        (1, "Look at their errors, and at what was deployed before."),
    ],
)
def test_the_deploy_after_which_it_began_is_named(store, judge, minutes_ago, remedy):
    measure(store, HOURS_AGO, runs=100, failures=0)
    measure(store, range(4), runs=20, failures=10)
    if minutes_ago is not None:
        at = time.time() - 60 * minutes_ago
        store.client.zadd(store.shared.deploys, {f"{at} v7": at})

    [problem] = judge().values()

    assert problem.remedy == remedy


def test_a_rise_that_is_steady_is_named_within_a_minute(store, judge):
    """It took up to three minutes."""
    measure_at(store, [10, 20, 30, 40], runs=5, failures=5)

    [problem] = judge().values()

    assert problem.reason == "100 % of the last 20 runs of shop.Charge failed. Usually 0 % fail."
    assert 0 < time.time() - problem.since.timestamp() < 120


def test_a_burst_of_a_few_seconds_is_no_problem(store, judge):
    measure_at(store, [10, 20], runs=50, failures=50)

    assert judge() == {}


@pytest.mark.parametrize(
    ("ten_seconds", "is_problem"),
    [
        ([BAD, GOOD, BAD, GOOD, BAD, GOOD], True),
        ([BAD, None, None, BAD, None, None], False),
        ([counted(10, 2)] * 6, False),
        ([counted(100, 0), *[counted(4, 3)] * 5], False),
        ([counted(2, 2)] * 4, False),
        ([counted(3, 3)] * 4, True),
        ([BAD, BAD, BAD, *[None] * 6], False),
    ],
    ids=[
        "half of the time",
        "two bursts",
        "below the limit",
        "few of all",
        "fewer than ten",
        "ten",
        "over",
    ],
)
def test_the_last_minute_is_judged_by_stretches_of_ten_seconds(ten_seconds, is_problem):
    assert bool(judged(ten_seconds)) == is_problem


@pytest.mark.parametrize(
    ("minutes", "last_minute", "is_problem"),
    [
        ([BAD, BAD, BAD, BAD], [BAD], True),
        ([BAD, BAD, BAD, None], [], True),
        ([BAD, BAD, BAD, None, None], [], False),
        ([BAD, BAD, BAD, BAD], [counted(9, 0)], True),
        ([BAD, BAD, BAD, BAD], [GOOD], False),
    ],
    ids=["goes on", "a pause", "a longer pause", "few good runs", "good runs"],
)
def test_what_fails_seldom_is_a_problem_until_it_is_mended(minutes, last_minute, is_problem):
    assert bool(judged(last_minute, minutes)) == is_problem


def test_chance_makes_no_rise_of_what_usually_fails():
    """Of a class of which half usually fails, two thirds may fail by chance."""
    assert judged([counted(6, 4)] * 6, usual=50) == []
    assert judged([counted(10, 7)] * 6, usual=50) == []

    assert judged([counted(6, 6)] * 6, usual=50)
    assert judged([counted(60, 42)] * 6, usual=50)


def test_young_trouble_began_with_its_first_ten_seconds():
    minutes = [BAD] * 4 + [None] * 20 + [counted(1_000, 30)]

    [problem] = judged([GOOD, BAD, BAD, BAD], minutes)

    assert problem.since.timestamp() == NOW // 10 * 10 - 20


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
