"""How a worker finds and runs a task, and what it tells meanwhile."""

import logging
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import override_settings

from jobs.contrib.django_tasks.classes import task_classes
from jobs.contrib.django_tasks.versions import TaskResultStatus, task_finished, task_started
from jobs.errors import UnknownJob
from jobs.inspect import find
from jobs.registry import registry
from tests.jobs.contrib import some_tasks
from tests.jobs.contrib.ended import ended
from tests.jobs.worker.made_jobs import push
from tests.waiting import wait_until

BACKEND = "jobs.contrib.django_tasks.JobsBackend"
PATH = "tests.jobs.contrib.some_tasks"


@pytest.fixture
def told():
    """Return what the signals of the worker told: name, sender, status, error, result."""
    heard = []

    def hear(name):
        def receive(sender, task_result, **kwargs):
            status = TaskResultStatus(task_result.status)
            found = find(task_result.id)
            place = found.place if found else None
            heard.append((name, sender.__name__, status, sys.exc_info()[0], place))

        return receive

    started, finished = hear("started"), hear("finished")
    task_started.connect(started)
    task_finished.connect(finished)
    yield heard
    task_started.disconnect(started)
    task_finished.disconnect(finished)


RUNNING = ("started", "JobsBackend", TaskResultStatus.RUNNING, None, "running")


@pytest.mark.parametrize("adding", [some_tasks.add, some_tasks.add_async], ids=["sync", "async"])
def test_signals_of_a_task_that_is_done(worker, told, adding):
    ended(adding.enqueue(1))

    wait_until(lambda: len(told) == 2)
    assert told == [
        RUNNING,
        ("finished", "JobsBackend", TaskResultStatus.SUCCESSFUL, None, "done"),
    ]


@pytest.mark.parametrize(
    ("task", "args", "error", "place"),
    [
        (some_tasks.fail, ["x"], "ValueError", "dead"),
        (some_tasks.fail_async, ["x"], "ValueError", "dead"),
        (some_tasks.discard, [], "Discard", "done"),
        (some_tasks.return_no_json, [], "TypeError", "dead"),
    ],
)
def test_signals_of_a_task_that_failed_come_while_its_error_is_handled(
    worker, told, task, args, error, place
):
    ended(task.enqueue(*args))

    wait_until(lambda: len(told) == 2)
    assert told[0] == RUNNING
    name, _, status, raised, found_in = told[1]
    assert (name, status, raised.__name__) == ("finished", TaskResultStatus.FAILED, error)
    assert found_in == place


def test_task_that_will_be_tried_again_has_not_finished(worker, told):
    result = some_tasks.fail_sometimes.enqueue()

    wait_until(lambda: find(result.id).place == "retry")
    assert [name for name, *_ in told] == ["started"]


def test_log_of_django_has_the_traceback_of_a_failure(worker, caplog):
    caplog.set_level(logging.INFO)

    result = ended(some_tasks.fail.enqueue("no stock"))

    wait_until(lambda: "state=FAILED" in caplog.text)
    line = next(each for each in caplog.records if "state=FAILED" in each.getMessage())
    assert result.id in line.getMessage()
    assert line.exc_info[0] is ValueError


def test_receiver_that_raises_harms_no_task(worker):
    def fail(**kwargs):
        raise RuntimeError("no")

    task_started.connect(fail)
    task_finished.connect(fail)
    result = ended(some_tasks.add.enqueue(1, 2))
    task_started.disconnect(fail)
    task_finished.disconnect(fail)

    assert result.return_value == 3


@pytest.mark.parametrize("entry", [{}, {"BACKEND": BACKEND, "QUEUES": "default"}])
def test_task_whose_backend_has_a_wrong_entry_here_runs_all_the_same(store, worker, entry):
    right = {"BACKEND": BACKEND, "QUEUES": []}
    with override_settings(TASKS={"default": right, "other": entry}):
        (job_id,) = push(
            store, job_class=f"{PATH}.add", args=[1], options={"task_backend": "other"}
        )
        store.intake.announce_queues(["default"])
        wait_until(lambda: (found := find(job_id)) and found.place != "ready")
        wait_until(lambda: (found := find(job_id)) and found.place != "running")

    assert find(job_id).place == "done"


def test_context_tells_the_task_of_itself(worker):
    result = ended(some_tasks.tell_context.enqueue(word="hello"))

    assert result.return_value == ["hello", result.id, 1, "RUNNING", result.worker_ids]
    assert ended(some_tasks.tell_context_async.enqueue()).return_value == 1


@pytest.mark.parametrize(
    "name",
    [
        f"{PATH}.plain_function",
        f"{PATH}.nothing",
        f"{PATH}.gate.set",
        "orders.jobs.CompleteOrderJob",
        "antigravity.geohash",
        "this.s",
        "os.system",
        "__main__.f",
        "orders.__main__.f",
        "no dots",
        ".",
        "a." * 200 + "b",
        "",
    ],
)
def test_what_is_no_task_is_an_unknown_job(name):
    before = set(sys.modules)

    with pytest.raises(UnknownJob):
        registry.find(name)
    assert {"this", "antigravity"}.isdisjoint(set(sys.modules) - before)


def test_task_that_cannot_write_its_begin_runs_all_the_same(worker, store):
    store.client.set(store.keys("default").notes, "of another type")

    result = some_tasks.add.enqueue(1, 2)

    wait_until(lambda: store.client.zcard(store.keys("default").done) == 1)
    store.client.delete(store.keys("default").notes)
    assert ended(result).return_value == 3


@pytest.fixture
def hasty_threads():
    """Let threads take turns at each few instructions."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_threads_that_meet_a_task_at_once_all_get_its_class(hasty_threads):
    for _ in range(100):
        task_classes._made.clear()
        registry._classes.pop(f"{PATH}.add", None)
        barrier = threading.Barrier(8)

        def meet(barrier=barrier) -> str:
            barrier.wait()
            return registry.name_of(registry.find(f"{PATH}.add"))

        with ThreadPoolExecutor(8) as pool:
            names = [each.result() for each in [pool.submit(meet) for _ in range(8)]]
        assert names == [f"{PATH}.add"] * 8


def test_every_process_knows_the_tasks_of_all_apps_from_its_start():
    code = "import django, sys; django.setup(); print('orders.tasks' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert told.stdout.strip() == "True"
