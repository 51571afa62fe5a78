"""Tasks that were checked before: what is looked at all the same."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from jobs.contrib.django_tasks.checked import checked_tasks
from jobs.contrib.django_tasks.classes import task_classes
from jobs.contrib.django_tasks.configured import configured
from jobs.contrib.django_tasks.task import backoff_of, stated_options
from jobs.contrib.django_tasks.versions import InvalidTask
from tests.jobs.contrib import some_tasks

LATER = timezone.now() + timedelta(hours=1)
BACKEND = "jobs.contrib.django_tasks.JobsBackend"


@pytest.fixture
def add():
    """Return a task that was checked, and whose class is made."""
    some_tasks.add.enqueue(1)
    assert checked_tasks.find(some_tasks.add, "default")
    assert task_classes.known(some_tasks.add.module_path)
    return some_tasks.add


def test_tasks_of_one_queue_and_priority_share_what_enqueues_them(add):
    first, second = (configured(add.using(priority=7), "default", None) for _ in range(2))
    other = configured(add.using(priority=8), "default", None)
    later = configured(add.using(priority=7, run_after=LATER), "default", None)

    assert first is second
    assert (first.options.priority, other.options.priority) == (7, 8)
    assert (later.options.priority, later.run_after) == (7, LATER)
    assert first.run_after is None


@pytest.mark.parametrize("queues", [["other"], ["other", 1]])
def test_queue_that_the_entry_does_not_name_any_more_is_refused(add, queues):
    entry = {"BACKEND": BACKEND, "QUEUES": queues}

    with override_settings(TASKS={"default": entry}), pytest.raises(InvalidTask, match="other"):
        add.enqueue(1)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"run_after": timedelta(hours=1)}, "must be a datetime such as"),
        ({"run_after": datetime.max.replace(tzinfo=UTC)}, "between 1970 and 100 years"),
        ({"options": {"queue": "imports"}}, "'queue' is none"),
        ({"options": {"task_metadata": {"a": 1}}}, "'task_metadata' is none"),
        ({"options": ["tenant"]}, "options must be a dictionary"),
        ({"queue_name": "no spaces"}, "queue must be"),
        ({"priority": 101}, "riority"),
        ({"max_retries": -1}, "max_retries"),
    ],
)
def test_variant_is_checked_in_what_differs(add, changes, told):
    with pytest.raises(InvalidTask, match=told):
        add.using(**changes)


def test_time_that_was_right_is_looked_at_when_it_is_used(add):
    with override_settings(USE_TZ=False):
        later = add.using(run_after=datetime.now() + timedelta(hours=1))  # noqa: DTZ005  # it is naive

        assert later.enqueue(1).task.run_after.tzinfo is None
    assert checked_tasks.find(later, "default") is None


@pytest.mark.parametrize("entry", [{}, {"BACKEND": BACKEND, "QUEUES": "default"}])
def test_options_of_a_task_are_told_though_its_entry_is_wrong_here(entry):
    with override_settings(TASKS={"default": entry}):
        assert stated_options(some_tasks.add)["queue"] == "default"
        assert backoff_of(some_tasks.add, "default") is None
