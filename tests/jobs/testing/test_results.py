"""Results of jobs that a test collects, or runs as they are enqueued."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

import jobs
from jobs import Discard, Job, JobDied, JobGone, JobNotPushed, KeepsNoResult, ResultTimeout, Snooze
from jobs.testing import drain, mode

KEEP = timedelta(hours=1)


class TupleJob(Job):
    keep_result_for = KEEP

    def perform(self, *numbers: int) -> tuple[int, ...]:
        return numbers


class SilentJob(Job):
    def perform(self) -> None:
        pass


class EndingJob(Job):
    keep_result_for = KEEP
    max_retries = 1

    def perform(self, how: str) -> object:
        if how == "decimal":
            return Decimal(1)
        raise {
            "fail": ValueError("no stock left"),
            "discard": Discard("pointless"),
            "snooze": Snooze(5),
        }[how]


@pytest.fixture(params=["fake", "inline"])
def test_mode(request):
    with mode(request.param):
        yield request.param


def run(name):
    if name == "fake":
        drain()


def test_result_has_gone_through_json(test_mode):
    enqueued = TupleJob.enqueue(1, 2)
    run(test_mode)

    assert enqueued.result() == [1, 2]
    assert jobs.result(enqueued.id) == [1, 2]


async def wait_for(enqueued):
    return await enqueued.aresult()


def test_coroutine_gets_it_too(test_mode):
    enqueued = TupleJob.enqueue(1, 2)
    run(test_mode)

    assert asyncio.run(wait_for(enqueued)) == [1, 2]


def test_job_that_was_not_drained_has_no_result_and_nobody_waits():
    with mode("fake"):
        enqueued = TupleJob.enqueue(1)

        with pytest.raises(ResultTimeout, match="it waits for a worker"):
            enqueued.result(timeout=1_000)


def test_job_that_keeps_nothing_is_told(test_mode):
    enqueued = SilentJob.enqueue()
    run(test_mode)

    with pytest.raises(KeepsNoResult):
        enqueued.result()
    with pytest.raises(JobGone):
        jobs.result(enqueued.id)


@pytest.mark.parametrize(
    ("how", "error"),
    [("discard", JobGone), ("snooze", ResultTimeout), ("decimal", KeepsNoResult)],
)
def test_ending_without_a_result_is_told(test_mode, how, error):
    enqueued = EndingJob.enqueue(how)
    run(test_mode)

    with pytest.raises(error):
        enqueued.result()


@pytest.mark.parametrize("retries", [False, True])
def test_job_that_failed_in_a_drain_is_dead(retries):
    with mode("fake"):
        enqueued = EndingJob.enqueue("fail")
        with pytest.raises(ValueError, match="no stock"):
            drain(retries=retries)

        with pytest.raises(JobDied, match=r"ValueError: no stock left"):
            enqueued.result()


def test_job_that_died_and_is_not_to_be_kept_is_gone():
    with mode("fake"):
        enqueued = EndingJob.using(dead=False).enqueue("fail")
        with pytest.raises(ValueError, match="no stock"):
            drain(retries=True)

        with pytest.raises(JobGone):
            enqueued.result()


def test_result_is_forgotten_when_its_time_is_over(test_mode):
    enqueued = TupleJob.using(keep_result_for=timedelta(microseconds=1)).enqueue(1)
    run(test_mode)

    with pytest.raises(JobGone):
        enqueued.result()


def test_modes_share_no_results():
    with mode("inline"):
        enqueued = TupleJob.enqueue(1)
        with mode("inline"), pytest.raises(JobGone):
            enqueued.result()
        assert enqueued.result() == [1]


@pytest.mark.django_db(transaction=True)
def test_job_of_an_open_transaction_is_not_there_yet():
    with mode("fake"):
        with transaction.atomic():
            enqueued = TupleJob.enqueue(1)
            with pytest.raises(JobNotPushed):
                enqueued.result()
        drain()

        assert enqueued.result() == [1]


@pytest.mark.django_db
def test_transaction_around_a_test_is_none():
    with mode("fake"):
        enqueued = TupleJob.enqueue(1)
        drain()

        assert enqueued.result() == [1]
