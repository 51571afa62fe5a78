"""What a test has collected is right, and quick where it is much."""

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import transaction

from jobs import Job, Unique
from jobs.testing import drain, enqueued_jobs, mode, pass_time

DAY = timedelta(days=1)


class RowJob(Job):
    unique = Unique(by=("row",))

    def perform(self, row: int) -> None:
        """Do nothing."""


class AgainJob(RowJob):
    def perform(self, row: int) -> None:
        AgainJob.enqueue(row)


class WindowJob(RowJob):
    unique = Unique(by=("row",), until=DAY)


class NewestJob(RowJob):
    unique = Unique(by=("row",), on_conflict="replace")


class PlainJob(Job):
    def perform(self, row: int) -> None:
        """Do nothing."""


@pytest.fixture(autouse=True)
def fake():
    with mode("fake"):
        yield


def calls_of(number: int, job_class: type[Job]) -> int:
    """Return how many functions are called to collect and run so many jobs."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        for row in range(number):
            job_class.enqueue(row)
        drain()
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("job_class", [PlainJob, RowJob])
def test_many_jobs_cost_no_more_each_than_a_few(job_class):
    calls_of(1, job_class)

    assert calls_of(200, job_class) < 5 * calls_of(50, job_class)


@pytest.mark.django_db
@pytest.mark.parametrize("job_class", [PlainJob, RowJob])
def test_many_jobs_of_a_test_case_cost_no_more_each_than_a_few(job_class):
    calls_of(1, job_class)

    assert calls_of(200, job_class) < 5 * calls_of(50, job_class)


def test_no_job_is_lost_where_threads_enqueue_at_once():
    switches = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(PlainJob.enqueue, range(800)))
    finally:
        sys.setswitchinterval(switches)

    assert sorted(payload.args[0] for payload in enqueued_jobs()) == list(range(800))


@pytest.mark.django_db
def test_job_that_enqueues_its_duplicate_in_a_test_case_runs_once():
    AgainJob.enqueue(1)

    assert drain() == 1


@pytest.mark.django_db
def test_duplicate_does_not_come_back_when_the_window_of_the_other_ends():
    WindowJob.enqueue(1)
    WindowJob.enqueue(1)

    pass_time(2 * DAY)

    assert len(enqueued_jobs()) == 1


@pytest.mark.django_db
def test_job_that_was_replaced_comes_back_with_the_rollback_of_the_other():
    first = NewestJob.enqueue(1)
    PlainJob.using(commit="immediate").enqueue(1)
    with transaction.atomic():
        NewestJob.enqueue(1)
        assert [payload.id for payload in enqueued_jobs()] != [first.id]
        assert drain(PlainJob) == 1
        transaction.set_rollback(True)

    assert [payload.id for payload in enqueued_jobs()] == [first.id]
