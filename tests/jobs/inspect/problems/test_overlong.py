"""Rule: a run lasts far longer than the runs of its class usually do."""

import time
from importlib import import_module

import pytest

from jobs.store.metrics import Measure, MetricStore
from tests.jobs.inspect.filling import beat, push

CLASS = "shop.Import"


@pytest.fixture(autouse=True)
def used(store):
    """Use the queue, so that a worker must be there."""
    push(store)


def measure(store, seconds, runs=20, job_class=CLASS):
    """Let so many runs have taken so long, three hours ago."""
    measure = Measure()
    measure.add_many([seconds] * runs, failures=0)
    MetricStore(store).add([(f"job:{job_class}", time.time() - 10_800, measure)])


def run(store, *begun_ago, job_class=CLASS, worker="w", **beaten):
    """Let a worker run jobs that began so many seconds ago."""
    now = time.time()
    told = [f"id{n} default {now - ago:.3f} class={job_class}" for n, ago in enumerate(begun_ago)]
    beat(store, worker, busy=len(told), running="\n".join(told), **beaten)


def test_a_run_far_beyond_what_is_usual_is_a_problem_since_it_began(store, judge):
    measure(store, 0.2)
    run(store, 720)

    found = judge()

    assert list(found) == [f"job_overlong:{CLASS}"]
    problem = found[f"job_overlong:{CLASS}"]
    assert problem.reason == (
        "A run of shop.Import has lasted for 12 minutes. "
        "Usually 95 % of its runs take at most 1 second."
    )
    assert time.time() - problem.since.timestamp() == pytest.approx(720, abs=5)
    assert problem.where == "running/?order=unusual"


def test_what_is_usual_is_measured_by_the_class(store, judge):
    """An import of ten minutes is no problem where most take five."""
    measure(store, 300)
    measure(store, 0.2, job_class="shop.Mail")
    run(store, 600)

    assert judge() == {}


def test_all_overlong_runs_of_a_class_are_one_problem(store, judge):
    measure(store, 0.2)
    run(store, 400, 20, 900)

    [problem] = judge().values()

    assert problem.reason.startswith(
        "2 runs of shop.Import have lasted too long, the longest for 15"
    )


@pytest.mark.parametrize("seconds", [60, 290])
def test_a_run_is_no_problem_before_check_overlong(store, judge, seconds):
    measure(store, 0.001)
    run(store, seconds)

    assert judge() == {}


def test_check_overlong_says_from_when_on_a_run_is_judged(store, judge, settings):
    settings.JOBS = {"CHECK_OVERLONG": 30}
    measure(store, 0.001)
    run(store, 60)

    assert list(judge()) == [f"job_overlong:{CLASS}"]


def test_a_class_of_which_few_runs_ended_is_not_judged(store, judge):
    measure(store, 0.2, runs=19)
    run(store, 7_200)

    assert judge() == {}


def test_a_worker_that_tells_no_class_is_no_problem(store, judge):
    measure(store, 0.2)
    beat(store, busy=1, running=f"id default {time.time() - 900:.3f}")

    assert judge() == {}


def test_a_run_that_is_accepted_is_no_problem(store, judge, settings):
    settings.JOBS = {"CHECK_IGNORE": [f"job_overlong:{CLASS}"]}
    measure(store, 0.2)
    run(store, 900)

    assert judge() == {}


def test_nothing_more_is_asked_while_no_run_lasts_for_long(store, judge, monkeypatch):
    asked = []
    facts = import_module("jobs.inspect.problems.facts")

    def usual_times(names, reader):
        asked.append(names)
        return {}

    monkeypatch.setattr(facts, "usual_times", usual_times)
    run(store, 200)
    assert judge() == {}
    assert asked == []

    run(store, 400)
    judge()
    assert asked == [[CLASS]]
