"""Rule: dead sets grow or are nearly full."""

import time

import pytest

from tests.jobs.inspect.filling import beat, push, put


@pytest.fixture(autouse=True)
def worker(store):
    beat(store)


def test_many_deaths_within_an_hour_are_a_problem_since_they_were_too_many(store, judge):
    for n in range(13):
        put(store, "dead", at=time.time() - 1_000 + n)

    found = judge()

    assert list(found) == ["dead_growing:default"]
    problem = found["dead_growing:default"]
    assert problem.reason == "13 jobs of queue default died within the last hour."
    assert problem.where == "dead/?queue=default"
    assert time.time() - problem.since.timestamp() == pytest.approx(990, abs=2)


def test_a_few_deaths_and_old_ones_are_no_problem(store, judge):
    for n in range(30):
        put(store, "dead", at=time.time() - 4_000 - n)
    for _ in range(10):
        put(store, "dead")

    assert judge() == {}


def test_a_dead_set_that_is_nearly_full_is_a_problem_since_it_was_filled(store, judge, settings):
    settings.JOBS = {**settings.JOBS, "DEAD_MAX_JOBS": 10}
    for n in range(9):
        put(store, "dead", at=time.time() - 10_000 + 100 * n)

    found = judge()

    assert list(found) == ["dead_full:default"]
    problem = found["dead_full:default"]
    assert problem.reason == "The dead set of queue default holds 9 of at most 10 jobs."
    assert time.time() - problem.since.timestamp() == pytest.approx(9_300, abs=2)


def test_a_dead_set_that_keeps_nothing_is_not_full(store, judge, settings):
    settings.JOBS = {**settings.JOBS, "DEAD_MAX_JOBS": 0, "CHECK_DEATHS": 100}
    push(store)
    put(store, "dead")

    assert judge() == {}
