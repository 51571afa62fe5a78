"""One run of a job: every way in which it may end."""

import logging
from datetime import timedelta

import orjson
import pytest
from django.contrib.auth.models import Group
from django.db import transaction

from jobs.errors import Discard, Expired, Snooze
from jobs.job import Job
from jobs.middleware import Middleware
from jobs.payload import Payload
from jobs.registry import registry
from jobs.worker.opening import UNKNOWN_PAUSE, UNKNOWN_TRIES
from jobs.worker.process import WorkerProcess
from tests.jobs.worker.code_jobs import (
    CODE,
    NOTE_DEATH,
    NOTE_ERROR,
    CodeJob,
    begin_anew,
    fail,
    run,
    run_until_settled,
    seen,
)
from tests.jobs.worker.made_jobs import (
    client_of,
    payload_of,
    place_of,
    push,
    push_raw,
    score_of,
    stat,
)
from tests.jobs.worker.small_worker import make_worker


class KeptJob(CodeJob):
    keep_result_for = timedelta(minutes=5)


class BornDeadJob(Job):
    def __init__(self, *args):
        raise RuntimeError("no such luck")

    def perform(self):
        pass


class AngryMiddleware(Middleware):
    def perform(self, job, call_next):
        call_next()
        raise RuntimeError("not on my watch")


@pytest.fixture(autouse=True)
def clean_slate() -> None:
    begin_anew()


@pytest.fixture
def worker(worker_settings) -> WorkerProcess:
    return make_worker(worker_settings)


def test_job_that_returns_is_gone_and_counted(store, worker):
    job_id = run(
        store, worker, lambda job: seen.append((job.job_id, job.attempt, job.queue, job.stopping))
    )

    assert seen == [(job_id, 1, "default", False)]
    assert place_of(store, job_id) is None
    assert stat(store, "processed") == 1


def test_attempt_counts_failures_only(store, worker):
    run(store, worker, lambda job: seen.append(job.attempt), failures=3, crashes=2, interruptions=5)

    assert seen == [4]


def test_job_can_see_that_its_worker_is_stopping(store, worker):
    worker.crew.stops.is_worker_stopping = True

    run(store, worker, lambda job: seen.append(job.stopping))

    assert seen == [True]


def test_failed_job_waits_in_the_retry_set(store, worker):
    job_id = run(store, worker, fail(ValueError("no")))

    assert place_of(store, job_id) == "retry"
    assert payload_of(store, job_id).errors[0]["message"] == "no"
    assert stat(store, "failed") == 1


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_exit_raised_by_a_job_is_a_failure_like_any_other(store, worker, error):
    job_id = run(store, worker, fail(error))

    assert payload_of(store, job_id).errors[0]["class"] == type(error).__name__
    assert place_of(store, job_id) == "retry"


def test_job_of_an_unknown_class_waits_for_the_deploy_in_the_retry_set(store, worker):
    (job_id,) = push(store, job_class=f"{__name__}.ComingJob")
    run_until_settled(store, worker, job_id)

    assert place_of(store, job_id) == "retry"
    due = (score_of(store, "retry", job_id) or 0) / 1000
    assert UNKNOWN_PAUSE - 10 < due - store.now() <= UNKNOWN_PAUSE
    waiting = payload_of(store, job_id)
    assert (len(waiting.errors), waiting.failures) == (1, 0)
    assert (stat(store, "unknown"), stat(store, "failed"), stat(store, "dead")) == (1, 0, 0)


def test_job_of_an_unknown_class_is_parked_in_the_end_and_runs_after_the_deploy(
    store, worker_settings
):
    (job_id,) = push(store, job_class=f"{__name__}.DeployedJob")
    for tries in range(1, UNKNOWN_TRIES + 1):
        run_until_settled(store, make_worker(worker_settings), job_id)
        assert place_of(store, job_id) == ("retry" if tries < UNKNOWN_TRIES else "dead")
        store.sets.move("default", "retry", "ready", [job_id])
    parked = payload_of(store, job_id)
    assert place_of(store, job_id) == "dead"
    assert "Deploy the code that defines it" in parked.errors[0]["message"]
    assert parked.failures == 0

    class DeployedJob(Job):
        def perform(self):
            seen.append("deployed")

    assert store.sets.move("default", "dead", "ready", [job_id]) == 1
    run_until_settled(store, make_worker(worker_settings), job_id)

    assert seen == ["deployed"]
    assert place_of(store, job_id) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xfe broken",
        b"[1, 2]",
        b'{"priority":0,"id":"x","job_class":"a.B","queue":"q","args":5}',
    ],
)
def test_bytes_that_are_no_payload_are_parked_for_people_to_see(store, worker, raw):
    job_id = push_raw(store, raw)

    run_until_settled(store, worker, job_id)

    assert place_of(store, job_id) == "dead"
    parked = payload_of(store, job_id)
    assert parked.extra["unreadable"] == raw.decode("utf-8", "backslashreplace")
    assert parked.errors[0]["class"] == "jobs.errors.InvalidPayload"


def test_payload_with_a_count_that_is_no_number_is_parked(store, worker, caplog):
    CODE["perform"] = fail(ValueError("no"))
    raw = {
        "priority": 0,
        "id": "x",
        "job_class": registry.name_of(CodeJob),
        "queue": "q",
        "failures": "many",
    }
    job_id = push_raw(store, orjson.dumps(raw))

    run_until_settled(store, worker, job_id)

    assert place_of(store, job_id) == "dead"


def test_job_does_not_run_under_the_id_that_its_payload_claims(store, worker):
    CODE["perform"] = lambda job: seen.append(job.job_id)
    forged = Payload(0, "of-another-job", registry.name_of(CodeJob), "default")
    job_id = push_raw(store, forged.encode())

    run_until_settled(store, worker, job_id)

    assert seen == []
    assert place_of(store, job_id) == "dead"
    assert "it is kept for" in payload_of(store, job_id).errors[0]["message"]


def test_job_class_that_cannot_be_made_is_parked(store, worker):
    job_id = run(store, worker, job_class=BornDeadJob)

    assert place_of(store, job_id) == "dead"
    assert payload_of(store, job_id).errors[0]["message"] == "no such luck"


def test_retry_gets_the_arguments_as_they_were_enqueued(store, worker):
    def change_and_fail(job, numbers):
        numbers.append(object())
        raise ValueError

    job_id = run(store, worker, change_and_fail, args=[[1, 2]])

    assert payload_of(store, job_id).args == [[1, 2]]


def test_error_with_a_text_that_is_no_unicode_is_a_failure_like_any_other(store, worker, caplog):
    # What is logged stands in the report of pytest-xdist, which chokes on it.
    caplog.set_level(logging.CRITICAL, "jobs")
    job_id = run(store, worker, fail(ValueError("caf\udce9")))

    assert payload_of(store, job_id).errors[0]["message"] == "caf\\udce9"


def test_middleware_that_raises_fails_the_job(store, worker_settings, settings):
    settings.JOBS = {"MIDDLEWARE": [f"{__name__}.AngryMiddleware"]}

    job_id = run(store, make_worker(worker_settings))

    assert payload_of(store, job_id).errors[0]["message"] == "not on my watch"


def test_result_is_kept_in_the_done_set(store, worker):
    job_id = run(store, worker, lambda job, name: {"hello": name}, job_class=KeptJob, args=["you"])

    assert place_of(store, job_id) == "done"
    assert payload_of(store, job_id).result == {"hello": "you"}
    done = payload_of(store, job_id)
    assert done.started_at
    assert done.finished_at
    assert done.started_at <= done.finished_at
    assert stat(store, "processed") == 1
    seconds, _ = client_of(store).time()
    assert score_of(store, "done", job_id) == pytest.approx(1000 * (seconds + 300), abs=10_000)


def test_result_that_is_no_json_is_left_out_and_reported(store, worker, caplog):
    job_id = run(store, worker, lambda job: object(), job_class=KeptJob)

    assert place_of(store, job_id) == "done"
    assert payload_of(store, job_id).result is None
    assert "job.result_not_kept" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_transaction_left_open_is_rolled_back_and_reported(store, worker, caplog):
    def leave_open(job):
        transaction.set_autocommit(False)
        Group.objects.create(name="forgotten")

    job_id = run(store, worker, leave_open)

    assert not Group.objects.exists()
    assert f"job.transaction_rolled_back id={job_id} database=default" in caplog.text
    assert place_of(store, job_id) is None


def test_quarantined_job_runs_when_a_person_retries_it(store, worker_settings):
    crash = {"class": "WorkerCrashed", "message": "killed by SIGKILL", "at": 1.0, "worker": "w"}
    job_id = run(store, make_worker(worker_settings), crashes=3, is_poison=True, errors=[crash])
    CODE["perform"] = lambda job: seen.append("ran")
    seen.clear()

    store.sets.move("default", "dead", "ready", [job_id])
    run_until_settled(store, make_worker(worker_settings), job_id)

    assert seen == ["ran"]


def test_snoozed_job_waits_and_spends_no_attempt(store, worker_settings, settings):
    settings.JOBS = {"ERROR_HANDLERS": [NOTE_ERROR]}

    job_id = run(store, make_worker(worker_settings), fail(Snooze(1000)))

    assert place_of(store, job_id) == "retry"
    assert payload_of(store, job_id).failures == 0
    assert payload_of(store, job_id).errors == []
    assert seen == []
    assert (stat(store, "snoozed"), stat(store, "failed"), stat(store, "processed")) == (1, 0, 0)


@pytest.mark.parametrize(
    ("error", "counter"), [(Discard("pointless"), "discarded"), (Expired("late"), "expired")]
)
def test_discarded_job_is_dropped_counted_and_logged(
    store, worker_settings, settings, caplog, error, counter
):
    settings.JOBS = {
        "ERROR_HANDLERS": [NOTE_ERROR],
        "DEATH_HANDLERS": [NOTE_DEATH],
    }

    with caplog.at_level(logging.INFO, "jobs"):
        job_id = run(store, make_worker(worker_settings), fail(error))

    assert place_of(store, job_id) is None
    assert stat(store, counter) == 1
    assert seen == []
    assert "job.discarded" in caplog.text


def test_using_changes_the_options_of_one_run(store, worker):
    job_id = run(store, worker, fail(ValueError("no")), options={"max_retries": 0})

    assert place_of(store, job_id) == "dead"
