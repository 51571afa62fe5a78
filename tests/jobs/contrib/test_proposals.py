"""What is proposed for Django's tasks, in the words of the proposals."""

import pytest
from django.test import override_settings

from jobs.contrib.django_tasks import JobsBackend, task
from jobs.contrib.django_tasks.versions import InvalidTask, TaskResultStatus, task_backends
from jobs.inspect import find
from jobs.testing import mode, run_next
from tests.jobs.contrib import proposed_tasks, some_tasks
from tests.jobs.contrib.ended import ended
from tests.waiting import wait_until

BACKEND = "jobs.contrib.django_tasks.JobsBackend"
AT_ONCE = "tests.jobs.contrib.proposed_tasks.at_once"


@pytest.fixture(autouse=True)
def forget():
    proposed_tasks.asked.clear()
    proposed_tasks.gate.clear()
    yield
    proposed_tasks.gate.set()


def check(**params):
    with override_settings(TASKS={"default": {"BACKEND": BACKEND, **params}}):
        return [f"{each.id} {each.msg}" for each in task_backends["default"].check()]


def test_task_runs_as_often_as_max_attempts_says(worker):
    result = ended(proposed_tasks.fail_thrice.enqueue())

    assert result.status == TaskResultStatus.FAILED
    assert (result.attempts, len(result.errors)) == (3, 3)


def test_backoff_is_asked_with_the_error_and_the_result_as_the_run_left_it(worker):
    ended(proposed_tasks.fail_thrice.enqueue())

    assert proposed_tasks.asked == [
        ("ConnectionError", "FAILED", 1, 1),
        ("ConnectionError", "FAILED", 2, 2),
    ]


def test_backoff_is_asked_the_same_in_a_test():
    with mode("fake"):
        result = proposed_tasks.fail_thrice.enqueue()
        endings = [run_next().ending for _ in range(3)]
        result.refresh()

    assert endings == ["retried", "retried", "dead"]
    assert (result.status, result.attempts) == (TaskResultStatus.FAILED, 3)
    assert proposed_tasks.asked == [
        ("ConnectionError", "FAILED", 1, 1),
        ("ConnectionError", "FAILED", 2, 2),
    ]


def test_task_is_given_up_where_backoff_returns_none(worker):
    kept = ended(proposed_tasks.fail_for_good.enqueue())
    dropped = ended(proposed_tasks.fail_for_nobody.enqueue())

    assert [(each.status, each.attempts) for each in (kept, dropped)] == [("FAILED", 1)] * 2
    assert [find(each.id).place for each in (kept, dropped)] == ["dead", "done"]


def test_backoff_that_raises_leaves_the_usual_pause(worker):
    result = proposed_tasks.fail_with_wrong_backoff.enqueue()

    wait_until(lambda: find(result.id).place == "retry")


def test_entry_of_tasks_says_what_tasks_do_not(worker):
    entry = {"BACKEND": BACKEND, "MAX_ATTEMPTS": 2, "BACKOFF": AT_ONCE}
    with override_settings(TASKS={"default": entry}):
        result = ended(proposed_tasks.fail_as_the_entry_says.enqueue())

        assert result.attempts == 2
        assert len(proposed_tasks.asked) == 1


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"max_attempts": 0}, "max_attempts must be a whole number, 1 or more, not 0"),
        ({"max_attempts": True}, "not True"),
        ({"max_attempts": 3, "max_retries": 2}, "max_attempts and max_retries exclude each other"),
        ({"backoff": 30}, "backoff must be a function, not 30"),
        ({"metadata": ["x"]}, "must be a dict"),
        ({"metadata": {"x": object()}}, "must be a dict of JSON"),
    ],
)
def test_wrong_word_is_refused_where_it_is_written(options, reason):
    with pytest.raises(InvalidTask, match=reason):
        task(**options)(some_tasks.plain_function)


@pytest.mark.parametrize("option", [{"max_attempts": 3}, {"backoff": proposed_tasks.never}])
def test_attempts_and_backoff_belong_to_the_function(option):
    with pytest.raises(InvalidTask, match="belongs to the function"):
        proposed_tasks.fail_thrice.using(**option)


def test_number_of_retries_of_a_call_replaces_that_of_attempts():
    result = proposed_tasks.fail_thrice.using(max_retries=5).enqueue()

    found = proposed_tasks.fail_thrice.get_result(result.id)
    assert (found.task.max_retries, found.task.max_attempts) == (5, None)
    assert found.task == result.task


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"MAX_ATTEMPTS": 0}, "jobs.E006 TASKS['default']['MAX_ATTEMPTS'] must be a whole number"),
        ({"BACKOFF": 30}, "jobs.E006 TASKS['default']['BACKOFF'] must be a function"),
        ({"BACKOFF": "no.such"}, "jobs.E006 TASKS['default']['BACKOFF']: No module named 'no'"),
    ],
)
def test_wrong_entry_is_told_by_the_checks(params, message):
    [told] = check(**params)

    assert told.startswith(message)


def test_right_entry_has_no_problem():
    assert check(MAX_ATTEMPTS=10, BACKOFF=proposed_tasks.never) == []
    assert check(BACKOFF=AT_ONCE) == []


def test_metadata_travel_and_what_the_task_changes_is_kept(worker):
    result = proposed_tasks.trace.using(metadata={"trace_id": 123}).enqueue()

    assert result.metadata == {"trace_id": 123}
    assert proposed_tasks.trace.get_result(result.id).task.metadata == {"trace_id": 123}
    ended(result)
    assert result.return_value == {"trace_id": 123}
    assert result.metadata == {"trace_id": 123, "spans": [1]}
    assert proposed_tasks.trace.get_result(result.id) == result


def test_metadata_are_an_empty_dict_where_nobody_gave_any(worker):
    result = ended(proposed_tasks.trace.enqueue())

    assert (result.return_value, result.metadata) == ({}, {"spans": [1]})
    assert ended(some_tasks.add.enqueue(1)).metadata == {}


def test_failed_run_keeps_its_metadata_for_the_next(worker):
    result = ended(proposed_tasks.trace_and_fail.enqueue())

    assert result.status == TaskResultStatus.SUCCESSFUL
    assert result.metadata == {"spans": [1, 2]}


def test_metadata_can_be_saved_while_the_task_runs(worker):
    result = proposed_tasks.save_and_wait.enqueue()

    def has_saved() -> bool:
        result.refresh()
        return result.metadata == {"done": 40}

    wait_until(has_saved)
    assert result.status == TaskResultStatus.RUNNING
    proposed_tasks.gate.set()
    assert ended(result).metadata == {"done": 40}
    assert ended(proposed_tasks.save_async.enqueue()).metadata == {"done": 40}


@pytest.mark.parametrize("spoiling", [proposed_tasks.spoil, proposed_tasks.save_spoilt])
def test_metadata_that_are_no_json_fail_the_task_and_change_nothing(worker, spoiling):
    result = ended(spoiling.using(metadata={"a": 1}).enqueue())

    assert [each.exception_class for each in result.errors] == [TypeError]
    assert result.metadata == {"a": 1}


def test_backend_says_that_it_knows_metadata():
    assert JobsBackend.supports_metadata
