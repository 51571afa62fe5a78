"""Dead jobs come back only if their place is free."""

from datetime import timedelta

import pytest

from jobs import control, inspect
from jobs.control import sweeps
from tests.jobs.unique_jobs import PlaceJob, RaisingJob, dead_job


@pytest.fixture(autouse=True)
def small_portions(monkeypatch):
    monkeypatch.setattr(sweeps, "PORTION", 3)


def test_dead_job_whose_place_is_taken_is_left_and_named(store):
    first = dead_job(store)
    PlaceJob.enqueue(1)
    barred: list[str] = []

    job = inspect.find(first)
    assert job

    assert control.retry([job], barred) == 0

    assert barred == [first]
    assert inspect.find(first).place == "dead"


@pytest.mark.parametrize("taken", [range(10), range(0, 10, 2), range(7, 10), range(3), range(0)])
def test_all_are_retried_but_those_whose_place_is_taken(store, taken):
    dead = {row: dead_job(store, row) for row in range(10)}
    for row in taken:
        PlaceJob.enqueue(row)

    sweep = control.retry_all("dead", inspect.Filter())

    assert (sweep.changed, sweep.barred) == (10 - len(taken), len(taken))
    assert {i for i in dead.values() if inspect.find(i).place == "dead"} == {
        dead[row] for row in taken
    }
    assert sweep.touched.count == sweep.changed


def test_copy_of_a_job_that_is_there_is_that_job(store):
    first = PlaceJob.enqueue(1)

    copy = control.run_again(inspect.find(first.id))

    assert (copy.id, copy.is_duplicate) == (first.id, True)


def test_copy_of_a_job_that_would_raise_is_that_job_too(store):
    first = RaisingJob.enqueue(1)

    copy = control.run_again(inspect.find(first.id))

    assert (copy.id, copy.is_duplicate, copy.keeps_result) == (first.id, True, False)


def test_copy_that_is_another_job_knows_whether_results_are_kept(store):
    first = RaisingJob.using(keep_result_for=timedelta(hours=1)).enqueue(1)

    copy = control.run_again(inspect.find(first.id))

    assert (copy.id, copy.keeps_result) == (first.id, True)


def test_copy_of_a_dead_job_goes_in(store):
    dead = dead_job(store)

    assert control.run_again(inspect.find(dead)).is_duplicate is False
