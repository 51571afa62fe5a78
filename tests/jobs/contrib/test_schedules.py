"""Tasks that run at times of their own."""

import time
from datetime import timedelta

import pytest

from jobs import Every, Unique
from jobs.contrib.django_tasks import JobsBackend, task
from jobs.contrib.django_tasks.classes import task_classes
from jobs.contrib.django_tasks.versions import InvalidTask, TaskResultStatus
from jobs.features.periodic.entries import entries, entries_of
from jobs.features.periodic.kept import schedulable_classes
from jobs.occasion import Occasion
from jobs.registry import registry
from jobs.store import NewJob
from tests.jobs.contrib import periodic_tasks, some_tasks
from tests.jobs.contrib.ended import ended

PATH = "tests.jobs.contrib.periodic_tasks"
HOURLY = Every(timedelta(hours=1))


@pytest.fixture(autouse=True)
def as_at_the_start_of_a_process():
    JobsBackend.prepare_process()
    yield
    for name in ("report", "clean_up"):  # else they would tick in other tests
        registry._classes.pop(f"{PATH}.{name}")
        task_classes._made.pop(f"{PATH}.{name}")


def test_process_knows_the_schedules_of_tasks_from_its_start():
    own = [(each.name, each.priority) for each in entries() if each.job_class.startswith(PATH)]

    assert own == [(f"{PATH}.report:nightly", 7), (f"{PATH}.report:hourly", 7)]


def test_people_may_schedule_a_task():
    assert f"{PATH}.clean_up" in schedulable_classes()


def test_tick_runs_the_task_and_leaves_its_result(store, worker):
    entry = entries_of(f"{PATH}.report")[0]
    payload = entry.payload("tick", Occasion(entry.name, 1.0), int(time.time() * 1000))
    store.intake.push("default", [NewJob("tick", payload, entry.priority)])

    result = ended(periodic_tasks.report.get_result("tick"))

    assert (result.status, result.return_value) == (TaskResultStatus.SUCCESSFUL, "de")
    assert result.kwargs == {"language": "de"}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"schedule": Every(timedelta(hours=1), args=[1])}, "too many positional arguments"),
        ({"schedule": "0 3 * * *"}, r"must be Cron\(...\), Every\(...\)"),
        ({"schedule": HOURLY, "unique": Unique()}, "do not go together"),
    ],
)
def test_schedule_that_does_not_fit_is_refused_where_it_is_written(options, reason):
    with pytest.raises(InvalidTask, match=reason):
        task(**options)(some_tasks.plain_function)


def test_schedule_belongs_to_the_function():
    with pytest.raises(InvalidTask, match="schedule belongs to the function"):
        some_tasks.add.using(schedule=HOURLY)


def test_task_with_schedules_is_a_value():
    changed = periodic_tasks.report.using(priority=3)

    assert hash(changed) == hash(periodic_tasks.report.using(priority=3))
