"""The threads of a worker process: interrupting them, and showing what they do."""

import threading

import pytest

from jobs.errors import JobInterrupted
from jobs.job import Job
from jobs.registry import registry
from jobs.store import Terms
from jobs.worker.threads import stacks
from jobs.worker.unit import Unit
from tests.jobs.worker.made_jobs import broken_jobs, payload_of, place_of, push
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("untraced")

seen: list[object] = []
MAY_END = threading.Event()


class PatientJob(Job):
    """Waits in short steps, as Python code does, until it may end."""

    def perform(self, disguise):
        try:
            seen.append(self.job_id)
            while not MAY_END.wait(0.005):
                pass
        except JobInterrupted as stop:
            if disguise:
                raise ValueError("something else") from stop
            raise


def run_and_interrupt(store, worker_settings, *, disguise: bool) -> str:
    MAY_END.clear()
    (job_id,) = push(store, job_class=registry.name_of(PatientJob), args=[disguise])
    with running(make_worker(worker_settings)) as worker:
        wait_until(lambda: job_id in seen)
        worker.buffer.gate.close()
        for thread in worker.crew.threads:
            thread.interrupt()
        wait_until(lambda: place_of(store, job_id) == "ready")
    assert broken_jobs(store) == []
    return job_id


def test_interrupted_job_goes_back_and_nothing_counts_as_failed(store, worker_settings):
    payload = payload_of(store, run_and_interrupt(store, worker_settings, disguise=False))

    assert (payload.interruptions, payload.failures, payload.errors) == (1, 0, [])


def test_interruption_is_no_failure_even_as_the_cause_of_another_error(store, worker_settings):
    payload = payload_of(store, run_and_interrupt(store, worker_settings, disguise=True))

    assert (payload.interruptions, payload.failures, payload.errors) == (1, 0, [])


def test_stacks_name_the_job_of_each_thread(store, worker_settings):
    MAY_END.clear()
    (job_id,) = push(store, "default", job_class=registry.name_of(PatientJob), args=[False])
    with running(make_worker(worker_settings)) as worker:
        wait_until(lambda: any(thread.current for thread in worker.crew.threads))

        text = stacks(worker.crew.threads)

        MAY_END.set()
    assert f"job={job_id} queue=default" in text
    assert "in perform" in text
    assert "thread MainThread\n" in text


def test_unit_that_has_been_here_for_half_a_lease_is_given_back_and_not_begun(
    store, worker_settings
):
    """The process may have slept, and others may have the job."""
    MAY_END.set()
    (job_id,) = push(store, job_class=registry.name_of(PatientJob), args=[False])
    worker = make_worker(worker_settings)
    fetched = worker._store.running.fetch(
        "default", worker.buffer.worker, 1, terms=Terms(60), first=1
    )
    [(_, raw)] = fetched.jobs
    stale = Unit("default", worker.buffer.worker, job_id, raw, 1, begin_by=0.0)
    store.sets.pause("default")

    with running(worker):
        worker.buffer.custody.reserve(1)
        worker.buffer.custody.hold([stale])
        worker.crew.threads[0]._run_one(stale)
        wait_until(lambda: place_of(store, job_id) == "ready")

    assert job_id not in seen
    assert worker.buffer.is_idle
