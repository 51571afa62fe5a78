"""What becomes of a task, as its result tells it."""

import asyncio
import sys
from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

import jobs
from jobs import Job, control
from jobs.contrib.django_tasks.versions import (
    TaskResultDoesNotExist,
    TaskResultStatus,
    task_backends,
)
from jobs.errors import UnknownJob
from jobs.inspect import find
from jobs.payload import Payload
from jobs.store import NewJob
from jobs.testing import drain, mode
from tests.jobs.contrib import some_tasks
from tests.jobs.contrib.ended import ended
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until


class NoTaskJob(Job):
    def perform(self) -> None:
        pass


@pytest.fixture(params=[some_tasks.add, some_tasks.add_async], ids=["sync", "async"])
def adding(request):
    return request.param


def test_task_that_waits_is_ready(adding):
    result = adding.enqueue(1, 2)

    found = adding.get_result(result.id)

    assert found == result
    assert found.status == TaskResultStatus.READY
    assert found.args == [1, 2]
    assert found.attempts == 0
    assert found.errors == []
    assert timezone.now() - found.enqueued_at < timedelta(seconds=60)
    assert (found.started_at, found.last_attempted_at, found.finished_at) == (None, None, None)


def test_task_that_is_done_is_successful(worker, adding):
    result = ended(adding.enqueue(1, 2))

    assert result.status == TaskResultStatus.SUCCESSFUL
    assert result.return_value == 3
    assert _in_order(result.enqueued_at, result.started_at, result.finished_at)
    assert result.last_attempted_at == result.started_at
    assert len(result.worker_ids) == 1


def test_task_that_runs_tells_since_when_and_where(worker):
    result = some_tasks.wait_at_gate.enqueue()

    def is_running() -> bool:
        result.refresh()
        return result.status == TaskResultStatus.RUNNING and result.attempts == 1

    wait_until(is_running)
    assert result.started_at is not None
    assert result.finished_at is None
    started_at, workers = result.started_at, result.worker_ids
    some_tasks.gate.set()
    ended(result)
    assert (result.started_at, result.worker_ids) == (started_at, workers)
    assert result.return_value == "through"


@pytest.mark.parametrize("failing", [some_tasks.fail, some_tasks.fail_async], ids=["sync", "async"])
def test_task_that_failed_for_good_tells_its_error(worker, failing):
    result = ended(failing.enqueue("no stock"))

    assert result.status == TaskResultStatus.FAILED
    assert result.errors[0].exception_class is ValueError
    assert result.errors[0].traceback.endswith("ValueError: no stock\n")
    assert _in_order(result.started_at, result.finished_at)
    assert result.attempts == 1
    with pytest.raises(ValueError, match="Task failed"):
        result.return_value  # noqa: B018


def test_task_that_will_be_tried_again_is_ready_and_has_its_errors(worker):
    result = some_tasks.fail_sometimes.enqueue()

    def has_failed() -> bool:
        result.refresh()
        return result.status == TaskResultStatus.READY and bool(result.errors)

    wait_until(has_failed)
    assert result.errors[0].exception_class is ConnectionError
    assert result.attempts == 1
    assert result.finished_at is None
    assert not result.is_finished


def test_each_attempt_is_counted_and_the_first_keeps_its_time(worker):
    result = some_tasks.fail_sometimes.enqueue()
    wait_until(lambda: _errors(result) == 1)
    first = result.started_at

    control.retry(filter(None, [find(result.id)]))

    wait_until(lambda: _errors(result) == 2)
    assert result.attempts == 2
    assert result.started_at == first != result.last_attempted_at
    assert "ConnectionError: not yet" in result.errors[0].traceback


def _in_order(*times) -> bool:
    return None not in times and list(times) == sorted(times)


def _errors(result) -> int:
    result.refresh()
    return len(result.errors)


def test_return_value_that_is_no_json_fails_the_task_at_once(worker):
    result = ended(some_tasks.return_no_json.enqueue())

    assert result.status == TaskResultStatus.FAILED
    assert result.errors[0].exception_class is TypeError
    assert len(result.errors) == 1


def test_return_value_that_is_too_large_fails_the_task_at_once(worker):
    result = ended(some_tasks.return_much.enqueue())

    assert result.errors[0].exception_class is ValueError
    assert "return its key" in result.errors[0].traceback


@pytest.mark.parametrize(
    ("value", "kept"),
    [({1: 2}, {"1": 2}), ((1, (2,)), [1, [2]]), (b"text", "text"), (None, None), (2.5, 2.5)],
)
def test_values_are_the_same_before_and_after_redis(worker, value, kept):
    result = some_tasks.echo.enqueue(value, other=value)

    assert (result.args, result.kwargs) == ([kept], {"other": kept})
    ended(result)
    assert (result.args, result.kwargs) == ([kept], {"other": kept})
    assert result.return_value == kept
    assert some_tasks.echo.get_result(result.id).args == [kept]


@pytest.mark.parametrize(
    ("task", "error"),
    [
        (some_tasks.discard, "jobs.errors.Discard"),
        (some_tasks.come_too_late, "jobs.errors.Expired"),
        (some_tasks.fail_for_nobody, "builtins.ValueError"),
    ],
    ids=["discarded", "expired", "failed"],
)
def test_task_that_was_dropped_leaves_a_record(worker_settings, task, error):
    result = task.enqueue()
    wait_until(lambda: timezone.now() > result.enqueued_at + timedelta(milliseconds=50))

    with running(make_worker(worker_settings)):
        ended(result)

    assert result.status == TaskResultStatus.FAILED
    assert [each.exception_class_path for each in result.errors] == [error]
    assert result.finished_at is not None
    with pytest.raises(jobs.KeepsNoResult, match="the task was discarded"):
        jobs.result(result.id)


@pytest.mark.parametrize("name", ["fake", "inline"])
def test_task_that_was_dropped_leaves_a_record_in_a_test_too(name):
    with mode(name):
        result = some_tasks.discard.enqueue()
        if name == "fake":
            drain()

        result.refresh()
        assert result.status == TaskResultStatus.FAILED
        assert [each.exception_class_path for each in result.errors] == ["jobs.errors.Discard"]
        with pytest.raises(jobs.KeepsNoResult, match="the task was discarded"):
            jobs.result(result.id)


def test_counters_tell_how_a_task_with_a_record_has_ended(worker, store):
    ended(some_tasks.discard.enqueue())
    ended(some_tasks.fail_for_nobody.enqueue())
    ended(some_tasks.add.enqueue(1))

    counts = store.client.hgetall(store.keys("default").stats)
    assert {name: int(counts[name]) for name in (b"discarded", b"failed", b"processed")} == {
        b"discarded": 1,
        b"failed": 1,
        b"processed": 2,
    }


def test_task_that_was_killed_before_it_ran_says_so():
    result = some_tasks.add.enqueue(1)

    control.kill(filter(None, [find(result.id)]))
    result.refresh()

    assert result.status == TaskResultStatus.FAILED
    assert result.errors[0].exception_class_path == "jobs.result_errors.JobDied"


def test_task_that_was_cancelled_has_failed_with_the_reason(worker):
    result = some_tasks.fail_at_gate.enqueue()
    wait_until(lambda: find(result.id).place == "running")

    assert control.cancel(find(result.id))
    worker.inbox.fetch()
    worker.grant_requests()
    wait_until(lambda: result.id in worker.crew.stops.cancelled)
    some_tasks.gate.set()
    ended(result)

    assert result.status == TaskResultStatus.FAILED
    assert result.errors[-1].exception_class_path == "jobs.errors.JobCancelled"


def test_coroutine_reads_results(worker):
    async def run() -> int:
        result = await some_tasks.add.aenqueue(1, 2)
        while not result.is_finished:
            await asyncio.sleep(0.01)
            await result.arefresh()
        found = await some_tasks.add.aget_result(result.id)
        return found.return_value

    assert asyncio.run(run()) == 3


def test_result_that_is_not_kept_does_not_exist(worker):
    result = some_tasks.keep_nothing.enqueue()

    wait_until(lambda: find(result.id) is None)
    with pytest.raises(TaskResultDoesNotExist):
        result.refresh()


@pytest.mark.parametrize("result_id", ["123", "", 7, None, "x" * 10_000])
def test_unknown_id_has_no_result(result_id):
    with pytest.raises(TaskResultDoesNotExist):
        task_backends["default"].get_result(result_id)


def test_job_that_is_no_task_has_no_result():
    enqueued = NoTaskJob.enqueue()

    with pytest.raises(TaskResultDoesNotExist):
        task_backends["default"].get_result(enqueued.id)


def test_result_of_a_function_that_is_gone_can_be_read(monkeypatch):
    result = some_tasks.add.using(priority=3).enqueue(1)
    monkeypatch.delattr(some_tasks, "add")

    found = task_backends["default"].get_result(result.id)

    assert found.task.module_path == "tests.jobs.contrib.some_tasks.add"
    assert found.task.priority == 3
    assert found.args == [1]
    with pytest.raises(UnknownJob):
        found.task.func()


@pytest.mark.parametrize("name", ["antigravity.geohash", "this.s"])
def test_result_imports_nothing_that_only_redis_names(store, name):
    payload = Payload(0, "planted", name, "default", [], {}, enqueued_at=1.0).encode()
    store.intake.push("default", [NewJob("planted", payload, 0)])
    before = set(sys.modules)

    found = task_backends["default"].get_result("planted")

    assert found.task.module_path == name
    assert {"this", "antigravity"}.isdisjoint(set(sys.modules) - before)


def test_payload_of_another_job_is_no_result(store):
    payload = Payload(0, "another", "tests.jobs.contrib.some_tasks.add", "default").encode()
    store.intake.push("default", [NewJob("planted", payload, 0)])

    with pytest.raises(TaskResultDoesNotExist):
        task_backends["default"].get_result("planted")


def test_result_is_found_in_the_queue_of_a_capsule_that_nobody_has_announced(settings, store):
    others = {name: value for name, value in settings.JOBS.items() if name != "QUEUES"}
    settings.JOBS = {**others, "CAPSULES": ["gpu:1"]}
    payload = Payload(0, "waiting", "tests.jobs.contrib.some_tasks.add", "gpu", [1]).encode()
    store.intake.push("gpu", [NewJob("waiting", payload, 0)])

    assert task_backends["default"].get_result("waiting").args == [1]


def test_result_can_be_read_under_settings_that_would_refuse_the_task():
    result = some_tasks.add.using(queue_name="high").enqueue(1)
    backend = "jobs.contrib.django_tasks.JobsBackend"

    with override_settings(TASKS={"default": {"BACKEND": backend, "QUEUES": ["other"]}}):
        found = task_backends["default"].get_result(result.id)

    assert found.task.queue_name == "high"


def test_times_are_naive_without_time_zones():
    with override_settings(USE_TZ=False):
        result = some_tasks.add.using(run_after=timezone.now() + timedelta(hours=1)).enqueue(1)
        result.refresh()

        assert timezone.is_naive(result.enqueued_at)
        assert some_tasks.add.get_result(result.id).task.run_after == result.task.run_after
