"""What a project hears of its jobs, and what it decides.

Handlers, hooks and `retry_in`.
"""

import sys

import pytest

from jobs.job import Retry
from jobs.text_secrets import REDACTED
from jobs.worker.process import WorkerProcess
from tests.jobs.worker.code_jobs import (
    CODE,
    NOTE_DEATH,
    NOTE_ERROR,
    begin_anew,
    fail,
    run,
    run_until_settled,
    seen,
)
from tests.jobs.worker.made_jobs import payload_of, place_of, stat
from tests.jobs.worker.small_worker import make_worker


def fail_to_note(*args):
    raise RuntimeError("handlers fail too")


@pytest.fixture(autouse=True)
def clean_slate() -> None:
    begin_anew()


@pytest.fixture
def worker(worker_settings) -> WorkerProcess:
    return make_worker(worker_settings)


def test_error_handlers_see_the_arguments_without_secrets(store, worker, monkeypatch):
    contexts: list[dict] = []
    monkeypatch.setattr(
        "jobs.handlers.handle_error", lambda error, context: contexts.append(context)
    )

    run(store, worker, fail(ValueError("no")), args=[7, {"token": "needle", "to": "ann"}])

    assert contexts[0]["args"] == [7, {"token": REDACTED, "to": "ann"}]
    assert contexts[0]["kwargs"] == {}


def test_error_handlers_are_told_of_every_failure_and_death_handlers_of_the_last(
    store, worker_settings, settings
):
    settings.JOBS = {
        "ERROR_HANDLERS": [NOTE_ERROR],
        "DEATH_HANDLERS": [NOTE_DEATH],
    }
    job_id = run(store, make_worker(worker_settings), fail(ValueError("no")))
    assert seen == [("ValueError('no')", job_id, 1, "job.retried")]
    seen.clear()

    store.sets.move("default", "retry", "ready", [job_id])
    run_until_settled(store, make_worker(worker_settings), job_id)

    assert seen == [
        ("ValueError('no')", job_id, 2, "job.dead"),
        "exhausted: no",
        f"dead: {job_id} no",
    ]
    assert place_of(store, job_id) == "dead"


def test_handlers_and_hooks_that_raise_change_nothing(store, worker_settings, settings, caplog):
    path = f"{__name__}.fail_to_note"
    settings.JOBS = {"ERROR_HANDLERS": [path, NOTE_ERROR], "DEATH_HANDLERS": [path]}
    CODE["on_exhausted"] = fail_to_note

    job_id = run(store, make_worker(worker_settings), fail(ValueError("no")), failures=1)

    assert place_of(store, job_id) == "dead"
    assert seen == [("ValueError('no')", job_id, 2, "job.dead"), "exhausted: no"]
    assert caplog.text.count("handler.failed") == 3


@pytest.mark.parametrize(
    "wish", [fail_to_note, lambda *args: "soon", lambda *args: sys.exit("bye")]
)
def test_retry_in_that_fails_is_reported_and_the_default_holds(store, worker, caplog, wish):
    CODE["retry_in"] = wish

    job_id = run(store, worker, fail(ValueError("no")))

    assert place_of(store, job_id) == "retry"
    assert "job.retry_in_failed" in caplog.text


@pytest.mark.parametrize(
    ("wish", "place"), [(Retry.KILL, "dead"), (Retry.DISCARD, None), (float("inf"), "retry")]
)
def test_retry_in_decides_where_the_job_goes(store, worker, wish, place):
    CODE["retry_in"] = lambda attempt, error: wish

    assert place_of(store, run(store, worker, fail(ValueError("no")))) == place


def test_hook_that_exits_costs_neither_the_thread_nor_the_job(store, worker):
    CODE["on_exhausted"] = lambda error: sys.exit("bye")

    job_id = run(store, worker, fail(ValueError("no")), failures=1)

    assert place_of(store, job_id) == "dead"


def test_poison_is_quarantined_and_hook_and_death_handlers_are_told(
    store, worker_settings, settings
):
    settings.JOBS = {"DEATH_HANDLERS": [NOTE_DEATH]}
    crash = {"class": "WorkerCrashed", "message": "killed by SIGKILL", "at": 1.0, "worker": "w"}

    job_id = run(
        store,
        make_worker(worker_settings),
        fail(ValueError("ran")),
        crashes=3,
        is_poison=True,
        errors=[crash],
    )

    assert place_of(store, job_id) == "dead"
    message = "The job was running in 3 crashes. killed by SIGKILL"
    assert seen == [f"exhausted: {message}", f"dead: {job_id} {message}"]
    assert stat(store, "quarantined") == 1


def test_transient_error_reaches_handlers_wrapped_and_hooks_as_it_was(
    store, worker_settings, settings
):
    settings.JOBS = {"ERROR_HANDLERS": [NOTE_ERROR]}

    def retry_in(attempt, error):
        seen.append(repr(error))
        return 1000

    CODE["retry_in"] = retry_in

    job_id = run(store, make_worker(worker_settings), fail(ConnectionError("refused")))

    assert seen == [
        "ConnectionError('refused')",
        ("TransientError('refused')", job_id, 1, "job.retried"),
    ]
    assert payload_of(store, job_id).errors[0]["class"] == "ConnectionError"
