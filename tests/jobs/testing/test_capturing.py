"""`capture_jobs`: what a block enqueues, as Django's `captureOnCommitCallbacks` has it."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction

from jobs import Job, Unique
from jobs.testing import assert_enqueued, capture_jobs, drain, enqueued_jobs, mode
from tests.jobs.testing.noted import RAN, NoteJob


class ParentJob(Job):
    def perform(self) -> None:
        RAN.append("parent")
        NoteJob.enqueue("child")


class FailingJob(Job):
    def perform(self) -> None:
        raise ValueError("broken")


class NewestJob(Job):
    unique = Unique(by=("row",), on_conflict="replace")

    def perform(self, row: int, what: str) -> None:
        RAN.append(what)


@pytest.fixture(params=["fake", "inline", "real"])
def any_mode(request):
    RAN.clear()
    with mode(request.param):
        yield request.param


@pytest.fixture
def fake():
    RAN.clear()
    with mode("fake"):
        yield


def args_of(payloads):
    return [payload.args for payload in payloads]


def test_jobs_of_the_block_are_captured_in_each_mode(any_mode, store):
    with capture_jobs() as captured:
        NoteJob.enqueue(1)
        NoteJob.using(run_after=timedelta(hours=1)).enqueue(2)
        assert_enqueued(NoteJob, args=[1])

    assert args_of(captured) == [[1], [2]]
    assert RAN == []
    assert store.client.keys("*payloads") == []


def test_those_before_and_after_are_not(fake):
    NoteJob.enqueue("before")
    with capture_jobs() as captured:
        NoteJob.enqueue("within")
    NoteJob.enqueue("after")

    assert args_of(captured) == [["within"]]
    assert args_of(enqueued_jobs()) == [["before"], ["within"], ["after"]]


def test_one_class_is_captured(fake):
    with capture_jobs(ParentJob) as captured:
        NoteJob.enqueue(1)
        ParentJob.enqueue()

    assert [payload.job_class.rpartition(".")[2] for payload in captured] == ["ParentJob"]


def test_they_run_at_the_end_with_what_they_enqueue(any_mode):
    with capture_jobs(execute=True) as captured:
        ParentJob.enqueue()
        NoteJob.using(run_after=timedelta(hours=1)).enqueue("later")
        assert RAN == []

    assert RAN == ["parent", "child"]
    assert args_of(captured) == [[], ["later"], ["child"]]


def test_those_before_do_not_run_at_the_end(fake):
    NoteJob.enqueue("before")

    with capture_jobs(execute=True):
        NoteJob.enqueue("within")

    assert RAN == ["within"]


def test_error_of_a_job_surfaces_and_an_error_of_the_block_runs_nothing(fake):
    with pytest.raises(ValueError, match="broken"), capture_jobs(execute=True) as captured:
        FailingJob.enqueue()
    assert len(captured) == 1

    with suppress(ZeroDivisionError), capture_jobs(execute=True) as captured:
        NoteJob.enqueue(1)
        raise ZeroDivisionError
    assert (RAN, args_of(captured)) == ([], [[1]])


def test_job_that_was_drained_in_the_block_was_captured(fake):
    with capture_jobs() as captured:
        NoteJob.enqueue(1)
        drain()

    assert args_of(captured) == [[1]]


def test_job_that_another_replaced_and_one_that_was_rolled_back_are_not(fake, db):
    with capture_jobs() as captured:
        NewestJob.enqueue(1, "old")
        NewestJob.enqueue(1, "new")
        with suppress(ZeroDivisionError), transaction.atomic():
            NoteJob.enqueue("dropped")
            raise ZeroDivisionError

    assert args_of(captured) == [[1, "new"]]


def test_blocks_may_lie_in_each_other(fake):
    with capture_jobs() as outer:
        with capture_jobs() as inner:
            NoteJob.enqueue(1)
        NoteJob.enqueue(2)

    assert (args_of(outer), args_of(inner)) == ([[1], [2]], [[1]])
