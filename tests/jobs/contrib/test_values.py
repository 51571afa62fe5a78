"""Values that do not come through JSON.

They are arguments, and what a task returns.
"""

import pytest

from jobs import Middleware
from jobs.contrib.django_tasks.plain import plain
from jobs.contrib.django_tasks.versions import TaskResultStatus, task_finished
from jobs.inspect import find
from tests.jobs.contrib import some_tasks
from tests.jobs.contrib.ended import ended
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until


class SpoilingMiddleware(Middleware):
    """Puts something in the place of what a job returned."""

    def perform(self, job, call_next):
        call_next()
        return object()


@pytest.fixture
def told():
    """Return the ids and states that `task_finished` told."""
    heard = []

    def hear(sender, task_result, **kwargs):
        heard.append((task_result.id, TaskResultStatus(task_result.status)))

    task_finished.connect(hear)
    yield heard
    task_finished.disconnect(hear)


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


def in_itself() -> list:
    value: list = []
    value.append(value)
    return value


@pytest.mark.parametrize("value", [in_itself(), nested(50_000)], ids=["in itself", "deep"])
def test_argument_without_an_end_is_refused(value):
    with pytest.raises(ValueError, match="nested too deeply, or contains itself"):
        some_tasks.echo.enqueue(value)


@pytest.mark.parametrize("name", ["in itself", 50_000, *range(250, 256)])
def test_value_that_is_nested_too_deeply_fails_the_task_at_once(worker, told, name):
    value = in_itself() if name == "in itself" else nested(name)
    some_tasks.offered = value

    result = some_tasks.return_what_is_offered.enqueue()

    wait_until(lambda: (found := find(result.id)) and found.place in {"done", "dead", "retry"})
    result.refresh()
    is_kept = name in range(253)
    status = TaskResultStatus.SUCCESSFUL if is_kept else TaskResultStatus.FAILED
    assert result.status == status
    wait_until(lambda: told == [(result.id, status)])
    if is_kept:
        assert result.return_value == value
    else:
        [error] = result.errors
        assert error.exception_class in {ValueError, TypeError}


def test_value_that_a_middleware_spoils_is_told_as_the_reason(worker_settings, settings, told):
    settings.JOBS = {**settings.JOBS, "MIDDLEWARE": [f"{__name__}.SpoilingMiddleware"]}

    result = some_tasks.add.enqueue(1)
    with running(make_worker(worker_settings)):
        ended(result)

    assert result.status == TaskResultStatus.FAILED
    assert "a value of type object is no JSON" in result.errors[0].traceback
    assert told == [(result.id, TaskResultStatus.FAILED)]


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        [float("inf")],
        {("a",): 1},
        b"\xff",
        object(),
        {1: 2, "1": 3},
        [{None: 1, "null": 2}],
    ],
)
def test_what_is_no_json_is_refused(value):
    with pytest.raises((TypeError, ValueError)):
        plain(value)
