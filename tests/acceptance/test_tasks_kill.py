"""Tasks that take their process with them."""

import pytest
from django.test import override_settings

from jobs.contrib.django_tasks.versions import TaskResultStatus, task_backends
from jobs.errors import WorkerCrashed
from tests.jobs.worker.made_jobs import push
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis, pytest.mark.slow]


@pytest.fixture(autouse=True)
def backend():
    with override_settings(TASKS={"default": {"BACKEND": "jobs.contrib.django_tasks.JobsBackend"}}):
        yield task_backends["default"]


def ended(backend, job_id: str):
    def has_ended() -> bool:
        return backend.get_result(job_id).is_finished

    wait_until(has_ended, timeout=20)
    return backend.get_result(job_id)


def test_task_whose_process_was_killed_runs_again_and_tells_of_both_runs(start, store, backend):
    (job_id,) = push(store, job_class="tests.acceptance.tasks.die", args=[1])

    runner = start("-c", "2")
    result = ended(backend, job_id)
    wait_until(lambda: len(runner.notes) == 3)

    assert result.status == TaskResultStatus.SUCCESSFUL
    assert result.return_value == result.attempts == len(set(result.worker_ids)) == 2
    assert result.started_at < result.last_attempted_at
    assert [error.exception_class for error in result.errors] == [WorkerCrashed]
    assert runner.notes == ["run 1", "run 2", "finished SUCCESSFUL after 2"]
    assert runner.stop() == 0


def test_task_that_always_kills_its_process_has_failed_with_the_reason(start, store, backend):
    (job_id,) = push(store, job_class="tests.acceptance.tasks.die", args=[99])

    runner = start("-c", "2", TEST_MAX_CRASHES="2")
    result = ended(backend, job_id)
    wait_until(lambda: len(runner.notes) == 3)

    assert result.status == TaskResultStatus.FAILED
    assert [error.exception_class for error in result.errors] == [WorkerCrashed] * 2
    assert result.attempts == 2
    assert runner.notes == ["run 1", "run 2", "finished FAILED after 2"]
    assert runner.stop() == 0
