"""A task is a job to everything that shows, ends and repeats jobs."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from jobs import TimeLimitExceeded, control, inspect
from jobs.contrib.django_tasks.note import MOST_RUNS, TaskNote
from jobs.contrib.django_tasks.versions import TaskResultStatus, task_backends
from jobs.errors import WorkerCrashed
from jobs.inspect import find
from jobs.store.reader import Reader
from tests.jobs.admin.conftest import boss, log_in
from tests.jobs.contrib import some_tasks
from tests.jobs.contrib.ended import ended
from tests.jobs.worker.made_jobs import push
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

__all__ = ["boss", "log_in"]
PATH = "tests.jobs.contrib.some_tasks"


@pytest.mark.django_db(transaction=True)
def test_pages_show_the_function_and_its_arguments(boss, worker):
    later = timezone.now() + timedelta(hours=1)
    done = ended(some_tasks.add.enqueue(7, 8))
    dropped = ended(some_tasks.discard.enqueue())
    waiting = some_tasks.sign_in.using(run_after=later).enqueue("example.com", "hunter2")

    for result, words in [
        (done, ["15"]),
        (dropped, ["nobody wants it"]),
        (waiting, ["example.com"]),
    ]:
        page = boss.get(reverse("admin:jobs_job", args=[result.id]))
        assert page.status_code == 200
        assert "hunter2" not in page.content.decode()
        for word in [result.task.module_path, *words]:
            assert word in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_metrics_have_a_page_for_each_function(boss, worker):
    ended(some_tasks.add.enqueue(1))
    worker.recorder.send()

    page = boss.get(reverse("admin:jobs_class_metrics", args=[f"{PATH}.add"]))

    assert page.status_code == 200


def test_copy_of_a_task_is_a_task(worker):
    first = ended(some_tasks.add.using(priority=5).enqueue(1, 2))

    copy = control.run_again(find(first.id), args=[3, 4])

    result = ended(some_tasks.add.get_result(copy.id))
    assert (result.return_value, result.task.priority) == (7, 5)


def test_dead_task_that_a_person_retries_is_ready_again(worker):
    result = ended(some_tasks.fail.enqueue("x"))
    worker.buffer.gate.close()

    control.retry(filter(None, [find(result.id)]))

    def is_ready() -> bool:  # a fetch that was on its way may take it first, and gives it back
        result.refresh()
        return result.status == TaskResultStatus.READY

    wait_until(is_ready)
    assert result.finished_at is None
    assert result.attempts == 1


def test_task_that_takes_too_long_has_failed(worker):
    slow = some_tasks.sleep.using(time_limit=timedelta(seconds=0.2), max_retries=0)

    result = ended(slow.enqueue(20))

    assert result.errors[-1].exception_class is TimeLimitExceeded


def test_run_that_a_crash_has_ended_is_counted(worker_settings, store):
    (job_id,) = push(store, job_class=f"{PATH}.add", args=[1], crashes=1)
    note = TaskNote().with_run(1_764_000_000.0, "gone:1:abcd")
    store.client.hset(store.keys("default").notes, job_id, note.encode())

    store.intake.announce_queues(["default"])
    with running(make_worker(worker_settings)):
        result = ended(task_backends["default"].get_result(job_id))

    assert result.attempts == 2
    assert result.worker_ids[0] == "gone:1:abcd"
    assert result.started_at.timestamp() == 1_764_000_000


def test_crash_is_told_as_an_error_that_can_be_imported(store):
    crash = {"class": "WorkerCrashed", "message": "killed by SIGKILL", "at": 1.0, "worker": "w"}
    (job_id,) = push(store, job_class=f"{PATH}.add", crashes=1, errors=[crash])
    store.intake.announce_queues(["default"])

    [error] = task_backends["default"].get_result(job_id).errors

    assert error.exception_class is WorkerCrashed
    assert "killed by SIGKILL" in error.traceback


def test_note_has_an_end():
    note = TaskNote()
    for number in range(3 * MOST_RUNS):
        note = note.with_run(float(number), "w")

    assert [at for at, _ in note.runs][:2] == [0.0, 2.0 * MOST_RUNS + 1]
    assert len(note.runs) == MOST_RUNS
    assert TaskNote.decode(note.encode()) == note


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"runs": 7}', b'{"done": 1.0}', b"\xff"])
def test_note_that_cannot_be_read_is_none(raw):
    assert TaskNote.decode(raw) == TaskNote()


@pytest.mark.parametrize(
    "fields",
    [
        {"errors": [{"class": "", "message": "", "at": 0.0}]},
        {"errors": [{"class": "x", "message": "y", "at": 1.0, "worker": 7, "traceback": 7}]},
        {"options": {"func": "x", "backend": 7, "task_backend": "nowhere", "unknown": 1}},
        {"options": {"keep_result_for": {"timedelta_seconds": "long"}}},
        {"options": {"keep_result_for": {"timedelta_seconds": 1e300}}},
        {"run_after": 17_000_000_000.0},
        {"job_class": f"{PATH}.nothing"},
        {"job_class": "nothing"},
        {"job_class": ""},
        {"kwargs": {"a": [None]}},
    ],
)
def test_odd_payload_of_somebody_else_can_be_read(store, fields):
    (job_id,) = push(store, **{"job_class": f"{PATH}.add", **fields})
    store.intake.announce_queues(["default"])

    result = task_backends["default"].get_result(job_id)

    assert result.id == job_id
    assert repr(result)
    assert result.task.module_path


def test_tasks_fit_before_a_deploy(store):
    some_tasks.add.enqueue(1)
    push(store, job_class=f"{PATH}.nothing")

    [found] = inspect.misfits(Reader(store)).groups

    assert found.job_class == f"{PATH}.nothing"


def test_wait_for_a_deploy_is_no_attempt(store, worker):
    unknown = {"class": "jobs.errors.UnknownJob", "message": "No such job", "at": 1.0}
    (job_id,) = push(store, job_class=f"{PATH}.add", args=[1], errors=[unknown])
    store.intake.announce_queues(["default"])

    result = ended(task_backends["default"].get_result(job_id))

    assert result.attempts == 1
    assert [each.exception_class_path for each in result.errors] == ["jobs.errors.UnknownJob"]
