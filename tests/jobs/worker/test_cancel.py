"""Cancelling a job that waits or runs.

A job that is told to end goes to the dead set, unless it ends well. Nobody is alarmed.
"""

import asyncio
import threading
from collections.abc import Callable

import pytest

from jobs import Discard, Job, Snooze, control, inspect
from jobs.inspect.reader import get_reader
from jobs.registry import registry
from tests.jobs.worker.made_jobs import payload_of, place_of, push, stat
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

begun = threading.Event()
told: list[tuple[BaseException, dict]] = []
when_told: list[Callable[[], None]] = []
RAISES = {"fail": ValueError("boom"), "snooze": Snooze(60), "discard": Discard("enough")}


def tell(error, context):
    told.append((error, context))
    for call in when_told:
        call()


class PatientJob(Job):
    """Waits until it is told to stop, then ends as its argument says."""

    def perform(self, end: str) -> None:
        begun.set()
        wait_until(lambda: self.stopping, timeout=10)
        assert self.cancelled
        if end in RAISES:
            raise RAISES[end]


class SecondTimeJob(Job):
    """Fails once, and is tried again at once."""

    def perform(self) -> None:
        if self.attempt == 1:
            raise ValueError("boom")
        assert not self.cancelled

    def retry_in(self, attempt: int, error: BaseException) -> float:
        return 0


class SleepingJob(Job):
    async def perform(self) -> None:
        begun.set()
        await asyncio.sleep(3600)


@pytest.fixture(autouse=True)
def fresh(settings):
    settings.JOBS = {**settings.JOBS, "ERROR_HANDLERS": ["tests.jobs.worker.test_cancel.tell"]}
    begun.clear()
    told.clear()
    when_told.clear()


def cancel_one(store, worker_settings, job_class, *args):
    """Run one job and cancel it as a person does.

    Returns its id when it has ended.
    """
    (job_id,) = push(store, job_class=registry.name_of(job_class), args=list(args))
    store.intake.announce_queues(["default"])
    with running(make_worker(worker_settings)) as worker:
        assert begun.wait(10)
        assert control.cancel(inspect.find(job_id))
        worker.inbox.fetch()
        worker.grant_requests()
        wait_until(lambda: place_of(store, job_id) != "running", timeout=10)
        assert worker.crew.stops.cancelled == {}
    return job_id


@pytest.mark.parametrize(
    ("job_class", "args"), [(PatientJob, ["fail"]), (PatientJob, ["snooze"]), (SleepingJob, [])]
)
def test_a_cancelled_job_that_raises_is_dead_and_no_failure(
    store, worker_settings, job_class, args
):
    job_id = cancel_one(store, worker_settings, job_class, *args)

    payload = payload_of(store, job_id)
    assert place_of(store, job_id) == "dead"
    assert (payload.failures, payload.errors[-1]["class"]) == (0, "jobs.errors.JobCancelled")
    assert (stat(store, "cancelled"), stat(store, "failed")) == (1, 0)
    assert told == []


def test_what_a_cancelled_job_raised_is_shown(store, worker_settings):
    job_id = cancel_one(store, worker_settings, PatientJob, "fail")

    assert "ValueError: boom" in payload_of(store, job_id).errors[-1]["traceback"]


def test_a_cancelled_job_that_ends_in_good_order_is_done(store, worker_settings):
    job_id = cancel_one(store, worker_settings, PatientJob, "well")

    wait_until(lambda: place_of(store, job_id) is None)
    assert stat(store, "processed") == 1


def test_a_cancelled_job_may_still_discard_itself(store, worker_settings):
    job_id = cancel_one(store, worker_settings, PatientJob, "discard")

    assert place_of(store, job_id) is None
    assert stat(store, "discarded") == 1


def test_a_job_that_is_cancelled_before_it_begins_does_not_begin(
    store, worker_settings, monkeypatch
):
    worker = make_worker(worker_settings)
    (job_id,) = push(store, job_class=registry.name_of(PatientJob), args=["fail"])
    custody, hold = worker.buffer.custody, worker.buffer.custody.hold

    def hold_and_cancel(units):
        hold(units)
        worker.crew.cancel(job_id, announce=bool)

    monkeypatch.setattr(custody, "hold", hold_and_cancel)
    with running(worker):
        wait_until(lambda: place_of(store, job_id) == "dead")

    assert not begun.is_set()


def test_a_cancellation_of_a_run_that_has_just_ended_does_not_meet_the_next(store, worker_settings):
    worker = make_worker(worker_settings)
    (job_id,) = push(store, job_class=registry.name_of(SecondTimeJob))
    # An error handler is called when the run has ended, and before Redis knows.
    when_told.append(lambda: worker.crew.cancel(job_id, announce=bool))

    with running(worker):
        wait_until(lambda: place_of(store, job_id) not in {"running", "ready", "retry"})

    assert place_of(store, job_id) is None
    assert (stat(store, "failed"), stat(store, "cancelled")) == (1, 0)
    assert worker.crew.stops.cancelled == {}


def test_a_request_about_a_job_that_is_not_here_is_ignored(store, worker_settings):
    worker = make_worker(worker_settings)
    worker.inbox._desk.put(worker.buffer.worker, "cancel 0123")

    worker.inbox.fetch()
    worker.grant_requests()

    assert worker.crew.stops.cancelled == {}


def test_a_job_that_does_not_run_cannot_be_cancelled(store):
    (job_id,) = push(store)
    store.intake.announce_queues(["default"])

    assert not control.cancel(inspect.find(job_id))
    assert get_reader().workers() == {}
