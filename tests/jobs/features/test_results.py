"""Waiting for what a job returns."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import SynchronousOnlyOperation
from django.db import transaction

import jobs
from jobs import (
    EnqueuedJob,
    InvalidArguments,
    Job,
    JobDied,
    JobGone,
    JobNotPushed,
    KeepsNoResult,
    NoResult,
    ResultTimeout,
    StoreUnavailable,
    fragment,
)
from jobs.client import get_client
from jobs.features.results import keep
from jobs.inspect import find
from jobs.payload import Payload, decode
from tests.conftest import free_port
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

KEEP = timedelta(hours=1)
gate = threading.Event()


class SumJob(Job):
    keep_result_for = KEEP

    def perform(self, *numbers: int) -> int:
        return sum(numbers)


class AsyncSumJob(Job):
    keep_result_for = KEEP

    async def perform(self, *numbers: int) -> int:
        return sum(numbers)


class GatedSumJob(SumJob):
    def perform(self, *numbers: int) -> int:
        assert gate.wait(10)
        return sum(numbers)


class SilentJob(Job):
    def perform(self) -> None:
        pass


class FailingJob(Job):
    keep_result_for = KEEP
    max_retries = 0

    def perform(self) -> None:
        raise ValueError("no stock left")


class DiscardedJob(Job):
    keep_result_for = KEEP

    def perform(self) -> None:
        assert gate.wait(10)
        raise jobs.Discard("nobody wants it")


class ReturningJob(Job):
    keep_result_for = KEEP

    def perform(self, what: str) -> object:
        return {
            "decimal": Decimal(1),
            "large": "x" * 2_000_000,
            "nothing": None,
            "nameless": Nameless(),
        }[what]


class Hiding(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override]  # as only a rude class does
        raise RuntimeError("nobody shall know")


class Nameless(metaclass=Hiding):
    pass


class WaitingJob(Job):
    def perform(self) -> None:
        SumJob.using(queue="nobody").enqueue(1).result(timeout=20)


@pytest.fixture(autouse=True)
def closed_gate():
    gate.clear()
    yield
    gate.set()


@pytest.fixture
def worker(worker_settings):
    with running(make_worker(worker_settings)) as worker:
        yield worker
        gate.set()  # here, since the worker waits for its jobs


@pytest.mark.parametrize("served", [{"QUEUES": ["heavy,5"]}, {"CAPSULES": ["heavy=5:1"]}])
def test_job_is_found_in_a_queue_that_only_the_settings_name(store, settings, served):
    others = {name: value for name, value in settings.JOBS.items() if name != "QUEUES"}
    settings.JOBS = {**others, **served}
    enqueued = SumJob.using(queue="heavy").enqueue(1)
    store.client.delete(store.shared.queues)  # as where Redis did not take the announcement

    with pytest.raises(ResultTimeout):
        jobs.result(enqueued.id, timeout=0)
    assert fragment.state_of(enqueued.id).place == "ready"


@pytest.mark.parametrize("job_class", [SumJob, AsyncSumJob])
def test_result_is_what_perform_returned(worker, job_class):
    enqueued = job_class.enqueue(1, 2)

    assert enqueued.result(timeout=15) == 3
    assert jobs.result(enqueued.id, timeout=15) == 3


def test_result_is_waited_for_until_the_job_has_ended(worker):
    enqueued = GatedSumJob.enqueue(1, 2)
    threading.Timer(0.3, gate.set).start()

    assert enqueued.result(timeout=15) == 3


def test_coroutine_waits_without_blocking_its_loop(worker):
    enqueued = GatedSumJob.enqueue(1, 2)

    async def wait() -> tuple[int, int]:
        waits = asyncio.gather(enqueued.aresult(timeout=15), jobs.aresult(enqueued.id, timeout=15))
        await asyncio.sleep(0.05)
        gate.set()
        return await waits

    assert asyncio.run(wait()) == [3, 3]


def test_waiting_in_an_event_loop_is_refused_with_what_to_write():
    enqueued = SumJob.enqueue(1)

    async def block() -> None:
        enqueued.result(timeout=15)

    with pytest.raises(SynchronousOnlyOperation, match=r"await enqueued\.aresult"):
        asyncio.run(block())


def test_many_wait_for_one_job(worker):
    enqueued = GatedSumJob.enqueue(1, 2)
    with ThreadPoolExecutor(20) as pool:
        waits = [pool.submit(enqueued.result, timeout=15) for _ in range(20)]
        gate.set()

        assert [wait.result() for wait in waits] == [3] * 20


def test_nothing_is_a_result_too(worker):
    assert ReturningJob.enqueue("nothing").result(timeout=15) is None


@pytest.mark.parametrize(
    ("what", "why"),
    [("decimal", "a value of type Decimal is no JSON"), ("large", "2,000,002 bytes, more than")],
)
def test_result_that_was_not_kept_is_told_from_nothing(worker, what, why):
    with pytest.raises(KeepsNoResult, match=why):
        ReturningJob.enqueue(what).result(timeout=15)


def test_time_is_up_where_nobody_runs_the_job():
    enqueued = SumJob.enqueue(1)
    begun = time.monotonic()

    with pytest.raises(ResultTimeout, match=r"after 0\.2 s it waits for a worker") as caught:
        enqueued.result(timeout=0.2)

    assert 0.2 <= time.monotonic() - begun < 10
    assert caught.value.place == "ready"
    assert caught.value.job_id == enqueued.id


def test_time_is_up_at_once_without_patience():
    with pytest.raises(ResultTimeout, match="its time has not come"):
        SumJob.using(run_after=KEEP).enqueue(1).result(timeout=0)


def test_time_is_up_while_the_job_runs(worker, store):
    enqueued = GatedSumJob.enqueue(1)
    wait_until(lambda: store.client.hlen(store.keys("default").running))

    with pytest.raises(ResultTimeout, match="it is running"):
        enqueued.result(timeout=0.1)


def test_job_that_has_died_tells_its_error(worker):
    enqueued = FailingJob.enqueue()

    with pytest.raises(JobDied, match=r"it is dead\. ValueError: no stock left") as caught:
        enqueued.result(timeout=15)

    assert (caught.value.error_class, caught.value.error_message) == ("ValueError", "no stock left")
    assert isinstance(caught.value, NoResult)


def test_job_that_was_killed_before_it_failed_is_told(store):
    enqueued = SumJob.enqueue(1)
    store.sets.move("default", "ready", "dead", [enqueued.id])

    with pytest.raises(JobDied, match="somebody killed it"):
        enqueued.result(timeout=15)


def test_job_that_is_discarded_meanwhile_is_gone(worker):
    enqueued = DiscardedJob.enqueue()
    threading.Timer(0.2, gate.set).start()

    with pytest.raises(JobGone, match="while it was waited for"):
        enqueued.result(timeout=15)


def test_class_that_keeps_no_result_is_told_at_once(store):
    enqueued = SilentJob.enqueue()
    store.client.config_resetstat()

    with pytest.raises(KeepsNoResult, match="Write keep_result_for"):
        enqueued.result(timeout=15)

    assert "cmdstat_evalsha" not in store.client.info("commandstats")


def test_id_of_a_job_that_keeps_no_result_is_told_at_once():
    begun = time.monotonic()

    with pytest.raises(KeepsNoResult, match="Write keep_result_for"):
        jobs.result(SilentJob.enqueue().id, timeout=15)

    assert time.monotonic() - begun < 10


def test_option_of_one_call_counts(worker):
    assert SilentJob.using(keep_result_for=KEEP).enqueue().result(timeout=15) is None
    with pytest.raises(KeepsNoResult):
        SumJob.using(keep_result_for=None).enqueue(1).result(timeout=15)


def test_unknown_id_is_told_at_once():
    with pytest.raises(JobGone, match="there is no such job"):
        jobs.result("f" * 32, timeout=15)


@pytest.mark.parametrize("job_id", ["\ud800", "", "a\x00b", "x" * 1_000_000])
def test_id_of_a_stranger_is_unknown_and_told_in_short(job_id):
    with pytest.raises(JobGone, match="there is no such job") as caught:
        jobs.result(job_id)

    assert caught.value.job_id == job_id
    assert len(str(caught.value).encode()) < 500


def test_result_is_what_it_was_when_the_job_returned(store):
    returned = [1]
    payload, _ = keep(Payload(0, "a", "tests.SumJob", "q"), KEEP, returned)

    returned.append(object())

    assert decode(payload.encode()).result == payload.result == [1]


def test_result_whose_class_hides_its_name_fails_no_job(worker):
    with pytest.raises(KeepsNoResult, match="is no JSON"):
        ReturningJob.enqueue("nameless").result(timeout=15)


@pytest.mark.django_db(transaction=True)
def test_job_of_an_open_transaction_is_not_there_yet(worker):
    with transaction.atomic():
        enqueued = SumJob.enqueue(1, 2)
        for wait in (enqueued.result, lambda: jobs.result(enqueued.id)):
            with pytest.raises(JobNotPushed, match=r"when the transaction .* commits"):
                wait()

    assert enqueued.result(timeout=15) == 3


@pytest.mark.django_db(transaction=True)
def test_job_of_before_the_transaction_can_be_waited_for_in_it(worker):
    enqueued = SumJob.enqueue(1, 2)

    with transaction.atomic():
        assert enqueued.result(timeout=15) == 3


@pytest.mark.parametrize("timeout", [None, -1, "5", True, float("nan"), 86_401])
def test_timeout_that_cannot_be_one_is_refused(timeout):
    with pytest.raises(InvalidArguments, match="timeout is in seconds, 0 to 86,400"):
        SumJob.enqueue(1).result(timeout=timeout)


def test_what_is_no_id_is_refused():
    with pytest.raises(InvalidArguments, match=r"enqueue\(\) returns it as `.id`"):
        jobs.result(SumJob.enqueue(1))


def test_wait_costs_few_round_trips(store):
    enqueued = SumJob.enqueue(1)
    get_client().store.scripts.sha("look")
    with pytest.raises(ResultTimeout):
        enqueued.result(timeout=0)
    store.client.config_resetstat()

    with pytest.raises(ResultTimeout):
        enqueued.result(timeout=3.0)

    assert store.client.info("commandstats")["cmdstat_evalsha"]["calls"] < 50


def test_lost_connection_costs_one_look(worker, store):
    enqueued = GatedSumJob.enqueue(1, 2)
    with ThreadPoolExecutor(1) as pool:
        wait = pool.submit(enqueued.result, timeout=15)
        wait_until(lambda: store.client.info("commandstats").get("cmdstat_evalsha"))
        for client in store.client.client_list():
            if client["cmd"].startswith("evalsha"):
                store.client.client_kill_filter(_id=client["id"])
        gate.set()

        assert wait.result() == 3


def test_wait_outlives_a_redis_that_does_not_answer(worker, store, redis_url, settings):
    settings.JOBS = {"REDIS_URL": redis_url, "ENQUEUE_TIMEOUT": 0.2}
    enqueued = SumJob.enqueue(1, 2)
    store.client.client_pause(700)

    assert enqueued.result(timeout=15) == 3


def test_redis_that_is_away_until_the_end_is_told(settings):
    settings.JOBS = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}", "ENQUEUE_TIMEOUT": 0.2}
    begun = time.monotonic()

    with pytest.raises(StoreUnavailable):
        EnqueuedJob("a" * 32, "default").result(timeout=0.5)

    assert 0.5 <= time.monotonic() - begun < 10


def test_stop_of_the_worker_interrupts_who_waits_in_a_job(worker, store):
    enqueued = WaitingJob.enqueue()
    # It has begun: what has not would go back by itself, and nobody would interrupt it.
    wait_until(lambda: store.client.hlen(store.keys("nobody").payloads))

    worker.buffer.gate.close()  # it goes back, and shall not run again

    def is_interrupted():
        worker.crew.interrupt()  # again and again: the thread may not be in `perform` yet
        return find(enqueued.id).payload.interruptions

    wait_until(is_interrupted)
