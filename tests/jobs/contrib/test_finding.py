"""What is found by a path that Redis names.

Most things are not even looked at.
"""

import sys
from types import ModuleType

import pytest
from django.test import override_settings
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from jobs import inspect
from jobs.contrib.django_tasks.results import may_import
from jobs.contrib.django_tasks.versions import (
    AnyTask,
    BaseTaskBackend,
    Task,
    TaskResultStatus,
    task_backends,
)
from jobs.errors import InvalidJob, UnknownJob
from jobs.registry import registry
from jobs.store.reader import Reader
from tests.jobs.admin.conftest import boss, log_in
from tests.jobs.contrib import some_tasks
from tests.jobs.contrib.ended import ended
from tests.jobs.worker.made_jobs import push

__all__ = ["boss", "log_in"]
PATH = "tests.jobs.contrib.some_tasks"


class OtherBackend(BaseTaskBackend):
    """A backend of somebody else, whose queues have names of another kind."""

    def enqueue(self, task, args, kwargs):
        raise NotImplementedError


@pytest.fixture
def broken_module(monkeypatch, tmp_path):
    """Return a function that makes a module of an app.

    The module does this when it is imported.
    """

    def make(code: str) -> str:
        (tmp_path / "broken_tasks.py").write_text(code)
        monkeypatch.syspath_prepend(tmp_path)
        for module in ("classes", "results"):
            name = f"jobs.contrib.django_tasks.{module}.may_import"
            monkeypatch.setattr(name, lambda path: True)
        return "broken_tasks.something"

    return make


@pytest.fixture
def planted(store):
    """Return a function that pushes a job of this class by hand.

    It returns the id of the job.
    """

    def plant(job_class: str) -> str:
        (job_id,) = push(store, job_class=job_class)
        store.intake.announce_queues(["default"])
        return job_id

    return plant


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import of_a_package_that_is_missing", "No module named 'of_a_package_that_is_missing'"),
        ("raise SystemExit('done')", "SystemExit('done')"),
    ],
)
def test_module_that_cannot_be_imported_is_told_as_the_cause(broken_module, code, cause):
    with pytest.raises(UnknownJob) as caught:
        registry.find(broken_module(code))

    assert cause in str(caught.value)


@pytest.mark.django_db(transaction=True)
def test_module_that_ends_the_process_ends_no_page_and_no_reader(boss, broken_module, planted):
    job_id = planted(broken_module("raise SystemExit('done')"))

    page = boss.get(reverse("admin:jobs_job", args=[job_id]))
    found = task_backends["default"].get_result(job_id)

    assert page.status_code == 200
    assert found.task.module_path == "broken_tasks.something"


@pytest.mark.django_db(transaction=True)
def test_task_of_another_backend_that_can_be_no_job_breaks_no_page(boss, planted, monkeypatch):
    both = {"default": {"BACKEND": f"{__name__}.OtherBackend", "QUEUES": []}}
    with override_settings(TASKS=both):
        foreign: AnyTask = Task(
            func=some_tasks.plain_function,
            priority=0,
            backend="default",
            queue_name="no name here!",
            run_after=None,
            takes_context=False,
        )
    monkeypatch.setattr(some_tasks, "plain_function", foreign)
    job_id = planted(f"{PATH}.plain_function")

    page = boss.get(reverse("admin:jobs_job", args=[job_id]))
    found = task_backends["default"].get_result(job_id)

    assert page.status_code == 200
    assert found.task.module_path == f"{PATH}.plain_function"
    with pytest.raises(UnknownJob) as caught:
        registry.find(f"{PATH}.plain_function")
    assert isinstance(caught.value.__cause__, InvalidJob)


def test_check_before_a_deploy_tells_why_a_module_cannot_be_imported(store, broken_module, planted):
    planted(broken_module("import of_a_package_that_is_missing"))

    [found] = inspect.misfits(Reader(store)).groups

    assert "No module named 'of_a_package_that_is_missing'" in found.reason
    assert "before it is released" in found.remedy


def only_mine(user, queue):
    return queue == "mine"


@pytest.mark.django_db(transaction=True)
def test_address_of_a_page_imports_nothing(log_in, settings, monkeypatch):
    settings.JOBS = {**settings.JOBS, "QUEUE_ACCESS": f"{__name__}.only_mine"}
    module = "orders.management.commands.load_sample_data"
    monkeypatch.delitem(sys.modules, module, raising=False)
    viewer = log_in("view_jobs")

    page = viewer.get(reverse("admin:jobs_class_metrics", args=[f"{module}.add"]))

    assert page.status_code == 404
    assert module not in sys.modules


def test_name_of_something_lazy_does_not_wake_it(monkeypatch):
    woken = []
    monkeypatch.setattr(
        some_tasks, "client", SimpleLazyObject(lambda: woken.append(1)), raising=False
    )

    with pytest.raises(UnknownJob):
        registry.find(f"{PATH}.client")
    assert woken == []


def test_name_that_a_module_makes_when_it_is_asked_for_is_not_asked_for(monkeypatch):
    asked: list[str] = []
    module = ModuleType("making_names")
    module.__getattr__ = asked.append  # type: ignore[method-assign]  # as `from m import name` finds it
    monkeypatch.setitem(sys.modules, "making_names", module)

    with pytest.raises(UnknownJob):
        registry.find("making_names.something")
    assert "something" not in asked


def test_task_that_was_moved_runs_under_the_name_that_is_left_for_it(planted, worker, monkeypatch):
    monkeypatch.setattr("orders.tasks.add", some_tasks.add, raising=False)
    job_id = planted("orders.tasks.add")

    result = ended(some_tasks.add.get_result(job_id))

    assert result.status == TaskResultStatus.SUCCESSFUL
    assert result.task.module_path == f"{PATH}.add"


def test_main_is_the_module_of_no_task(monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "add", some_tasks.add, raising=False)

    assert not may_import("__main__.add")
    with pytest.raises(UnknownJob):
        registry.find("__main__.add")
