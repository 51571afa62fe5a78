"""Every ending of a job, and that nothing breaks it.

Whom it tells, where it leaves the job, what it counts as, measures and logs.
"""

import logging
from collections.abc import Callable

import pytest

from jobs import inspect
from jobs.errors import Discard, Expired, JobInterrupted, Snooze
from jobs.job import Job, Retry
from jobs.worker.buffer import Buffer
from jobs.worker.process import WorkerProcess
from jobs.worker.recorder import Recorder
from tests.jobs.worker.ending_jobs import (
    CODE,
    AsyncEndingJob,
    EndingJob,
    KeptEndingJob,
    begin_anew,
    events,
    raising,
    run,
    told,
)
from tests.jobs.worker.made_jobs import payload_of, place_of, stat
from tests.jobs.worker.small_worker import make_worker

COUNTERS = (
    "processed",
    "failed",
    "discarded",
    "expired",
    "snoozed",
    "cancelled",
    "quarantined",
    "parked",
)


class BornInterruptedJob(Job):
    def __init__(self, *args):
        raise JobInterrupted

    def perform(self):
        pass


def tell_the_code(*args):
    CODE.get("handler", lambda: None)()


def tell_next(*args):
    told.append("next")


@pytest.fixture(autouse=True)
def clean_slate(settings, caplog) -> None:
    begin_anew(settings, caplog)


def cancel(worker: WorkerProcess) -> Callable:
    def perform(job, *args):
        worker.crew.cancel(job.job_id, announce=bool)
        raise ValueError("cancelled")

    return perform


CRASH = {"class": "WorkerCrashed", "message": "killed by SIGKILL", "at": 1.0, "worker": "w"}
POISON = {"crashes": 3, "is_poison": True, "errors": [CRASH]}
LAST = {"failures": 1}

#: By name: what `perform` does, fields of the payload, wish of `retry_in`;
#: then place, counters, event, what is told, whether it is measured.
ENDINGS = {
    "done": (lambda job: None, {}, 0, None, {"processed": 1}, "job.done", [], True),
    "retried": (
        raising(ValueError()), {}, 9, "retry", {"failed": 1, "processed": 1}, "job.retried",
        ["error:job.retried:1"], True,
    ),
    "dead": (
        raising(ValueError()), LAST, 9, "dead", {"failed": 1, "processed": 1}, "job.dead",
        ["error:job.dead:2", "exhausted", "death"], True,
    ),
    "killed": (
        raising(ValueError()), {}, Retry.KILL, "dead", {"failed": 1, "processed": 1}, "job.dead",
        ["error:job.dead:1", "exhausted", "death"], True,
    ),
    "dropped": (
        raising(ValueError()), {}, Retry.DISCARD, None, {"failed": 1, "processed": 1},
        "job.discarded", ["error:job.discarded:1", "exhausted", "death"], True,
    ),
    "discarded": (raising(Discard()), {}, 9, None, {"discarded": 1}, "job.discarded", [], True),
    "expired": (raising(Expired()), {}, 9, None, {"expired": 1}, "job.discarded", [], False),
    "snoozed": (raising(Snooze(99)), {}, 9, "retry", {"snoozed": 1}, "job.snoozed", [], True),
    "interrupted": (raising(JobInterrupted()), {}, 9, "ready", {}, "job.interrupted", [], False),
    "quarantined": (
        raising(ValueError()), POISON, 9, "dead", {"quarantined": 1}, "job.quarantined",
        ["exhausted", "death"], False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDINGS)
def test_each_ending_tells_records_measures_and_logs_once(store, worker_settings, caplog, name):
    perform, fields, wish, place, counters, event, hears, is_measured = ENDINGS[name]
    CODE["retry_in"] = lambda: wish
    worker = make_worker(worker_settings)

    job_id = run(store, worker, perform, **fields)

    assert place_of(store, job_id) == place
    assert {
        counter: stat(store, counter) for counter in COUNTERS if stat(store, counter)
    } == counters
    assert told == hears
    worker.recorder.send()
    measured = [(found.runs, found.failures) for found in inspect.metrics("1h")]
    assert measured == ([(1, counters.get("failed", 0))] if is_measured else [])
    assert events(caplog) == [event]


def test_cancelled_job_tells_nobody(store, worker_settings, caplog):
    worker = make_worker(worker_settings)

    job_id = run(store, worker, cancel(worker))

    assert (place_of(store, job_id), told, events(caplog)) == ("dead", [], ["job.cancelled"])
    assert stat(store, "cancelled") == 1


def test_job_whose_making_is_interrupted_is_parked(store, worker_settings, caplog):
    job_id = run(store, make_worker(worker_settings), lambda job: None, BornInterruptedJob)

    assert (place_of(store, job_id), events(caplog)) == ("dead", ["job.parked"])


def test_fault_of_ours_parks_the_job_and_says_so(store, worker_settings, caplog, monkeypatch):
    monkeypatch.setattr("jobs.worker.executor.after_error", lambda *args: 1 / 0)

    job_id = run(store, make_worker(worker_settings), raising(ValueError("no")))

    assert (place_of(store, job_id), events(caplog)) == ("dead", ["worker.fault", "job.parked"])
    assert payload_of(store, job_id).errors[-1]["class"] == "ZeroDivisionError"


@pytest.mark.parametrize(
    "step", [(Recorder, "hear"), (Buffer, "measured")], ids=["hear", "measured"]
)
@pytest.mark.parametrize("error", [RuntimeError(), SystemExit(), JobInterrupted(), MemoryError()])
@pytest.mark.parametrize("job_class", [EndingJob, AsyncEndingJob, KeptEndingJob])
def test_what_fails_after_the_recording_changes_nothing(
    store, worker_settings, monkeypatch, step, error, job_class
):
    monkeypatch.setattr(*step, lambda *args, **kwargs: (_ for _ in ()).throw(error))

    job_id = run(store, make_worker(worker_settings), lambda job: None, job_class)

    assert place_of(store, job_id) == ("done" if job_class is KeptEndingJob else None)
    assert (stat(store, "processed"), stat(store, "parked")) == (1, 0)


@pytest.mark.parametrize("job_class", [EndingJob, KeptEndingJob])
def test_log_filter_that_raises_parks_no_job_that_is_done(store, worker_settings, job_class):
    def refuse(record):
        raise RuntimeError("no filter")

    logger = logging.getLogger("jobs")
    logger.addFilter(refuse)
    try:
        job_id = run(store, make_worker(worker_settings), lambda job: None, job_class)
    finally:
        logger.removeFilter(refuse)

    assert place_of(store, job_id) == ("done" if job_class is KeptEndingJob else None)
    assert (stat(store, "processed"), stat(store, "parked")) == (1, 0)


@pytest.mark.parametrize(
    "error", [SystemExit(), KeyboardInterrupt(), JobInterrupted(), GeneratorExit()]
)
@pytest.mark.parametrize("where", ["on_exhausted", "retry_in", "error handler", "death handler"])
@pytest.mark.parametrize("job_class", [EndingJob, AsyncEndingJob])
def test_exit_in_what_is_told_changes_nothing(
    store, worker_settings, settings, where, error, job_class
):
    CODE["handler" if "handler" in where else where] = lambda: raising(error)(None)
    if "handler" in where:
        paths = [f"{__name__}.tell_the_code", f"{__name__}.tell_next"]
        settings.JOBS = {f"{where.split()[0].upper()}_HANDLERS": paths}

    fields = {} if where == "retry_in" else LAST
    job_id = run(
        store, make_worker(worker_settings), raising(ValueError("no")), job_class, **fields
    )

    assert place_of(store, job_id) == ("retry" if where == "retry_in" else "dead")
    assert payload_of(store, job_id).errors[-1]["class"] == "ValueError"
    assert (stat(store, "failed"), stat(store, "parked")) == (1, 0)
    assert ("next" in told) == ("handler" in where)


@pytest.mark.parametrize("error", [RuntimeError(), SystemExit(), JobInterrupted()])
def test_record_that_cannot_be_made_keeps_no_job_from_its_end(
    store, worker_settings, monkeypatch, error, caplog
):
    monkeypatch.setattr(EndingJob, "record_of_discard", raising(error))

    job_id = run(store, make_worker(worker_settings), raising(Discard("enough")))

    assert place_of(store, job_id) is None
    assert (stat(store, "discarded"), stat(store, "parked")) == (1, 0)
    assert "handler.failed" in events(caplog)
