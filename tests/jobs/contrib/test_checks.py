"""What the system checks say of an entry of TASKS."""

import pytest
from django.test import override_settings

from jobs.contrib.django_tasks.versions import task_backends
from jobs.errors import ConfigurationError

BACKEND = "jobs.contrib.django_tasks.JobsBackend"


def check(**params):
    tasks = {"default": {"BACKEND": BACKEND, "QUEUES": ["default"], **params}}
    with override_settings(TASKS=tasks):
        return [(each.id, f"{each.msg} {each.hint}") for each in task_backends["default"].check()]


@pytest.mark.parametrize("commit", ["immediate", "on_commit"])
def test_right_entry_has_no_problem(commit):
    assert check(OPTIONS={"commit": commit}) == []
    assert check(QUEUES=[]) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"comit": "immediate"}, "Did you mean 'commit'"),
        ({"max_retries": 3}, "Others belong into JOBS"),
        ({"commit": "now"}, "'on_commit' or 'immediate', not 'now'"),
        ({"commit": None}, "not None"),
    ],
)
def test_wrong_option_is_told(options, message):
    [(name, text)] = check(OPTIONS=options)

    assert name == "jobs.E006"
    assert message in text


@override_settings(TASKS={"default": {"BACKEND": BACKEND, "QUEUES": "default"}})
def test_queues_that_are_no_list_are_refused_with_what_to_write():
    with pytest.raises(ConfigurationError, match=r"must be a list such as \['default'\]"):
        task_backends["default"]


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"QUEUES": None}, "must be a list such as"),
        ({"QUEUES": 3}, "must be a list such as"),
        ({"OPTIONS": None}, "must be a dictionary, not None"),
        ({"OPTIONS": ["commit"]}, "must be a dictionary, not"),
    ],
)
def test_value_of_the_wrong_kind_is_refused_with_what_it_must_be(params, told):
    with pytest.raises(ConfigurationError, match=told):
        check(**params)


def test_queue_that_nobody_serves_is_told(settings):
    settings.JOBS = {**settings.JOBS, "QUEUES": ["high,5", "default"]}

    [(name, text)] = check(QUEUES=["high", "default", "mail"])

    assert name == "jobs.W007"
    assert "'mail'" in text


@pytest.mark.parametrize("queue", ["no spaces", 1])
def test_name_that_no_queue_can_have_is_told(queue):
    [(name, text)] = check(QUEUES=["default", queue])

    assert name == "jobs.E007"
    assert repr(queue) in text


def test_missing_app_is_told(settings):
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "jobs"]

    [(name, _)] = check()

    assert name == "jobs.E005"
