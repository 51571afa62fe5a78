"""Jobs whose `perform` is a coroutine."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from jobs.job import Job
from jobs.registry import registry
from tests.jobs.worker.made_jobs import broken_jobs, payload_of, place_of, push, stat
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

seen: list[object] = []
RUNNING: set[str] = set()
MOST: list[int] = []
MAY_END = threading.Event()


class GentleJob(Job):
    """Counts how many of it run at a time.

    They wait until the test lets all of them go.
    """

    async def perform(self):
        RUNNING.add(self.job_id)
        MOST.append(len(RUNNING))
        await asyncio.to_thread(MAY_END.wait, 10)
        RUNNING.remove(self.job_id)


class AsyncCodeJob(Job):
    async def perform(self, what):
        await asyncio.sleep(0)
        seen.append((self.attempt, self.queue, threading.current_thread().name))
        if what == "exit":
            raise SystemExit
        if what == "cancel":
            asyncio.current_task().cancel()
            await asyncio.sleep(1)
        return {"done": what}

    def retry_in(self, attempt, error):
        return 1000


class KeptAsyncJob(AsyncCodeJob):
    keep_result_for = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clean_slate() -> Iterator[None]:
    seen.clear()
    RUNNING.clear()
    MOST.clear()
    MAY_END.clear()
    yield
    MAY_END.set()


def run(store, worker_settings, what: str, job_class: type[Job] = AsyncCodeJob) -> str:
    (job_id,) = push(store, job_class=registry.name_of(job_class), args=[what])
    with running(make_worker(worker_settings)):
        wait_until(lambda: place_of(store, job_id) not in {"ready", "running"})
    assert broken_jobs(store) == []
    return job_id


def test_coroutines_have_a_limit_of_their_own(store, worker_settings):
    ids = push(store, job_class=registry.name_of(GentleJob), count=6)
    with running(make_worker(worker_settings)) as worker:
        wait_until(lambda: len(RUNNING) == 2)
        assert len(worker._board.running()) >= 2
        MAY_END.set()
        wait_until(lambda: stat(store, "processed") == 6)

    assert max(MOST) == 2
    assert {place_of(store, job_id) for job_id in ids} == {None}
    assert worker._board.running() == set()


def test_coroutine_that_returns_is_done(store, worker_settings):
    job_id = run(store, worker_settings, "well")

    assert seen == [(1, "default", "jobs-async")]
    assert place_of(store, job_id) is None


def test_result_of_a_coroutine_is_kept(store, worker_settings):
    job_id = run(store, worker_settings, "well", KeptAsyncJob)

    assert payload_of(store, job_id).result == {"done": "well"}


@pytest.mark.parametrize(
    ("what", "error"), [("exit", "SystemExit"), ("cancel", "asyncio.exceptions.CancelledError")]
)
def test_coroutine_that_ends_badly_is_retried(store, worker_settings, what, error):
    job_id = run(store, worker_settings, what)

    assert place_of(store, job_id) == "retry"
    assert payload_of(store, job_id).errors[0]["class"] == error


def test_coroutines_cancelled_by_a_stop_go_back_without_a_failure(store, worker_settings):
    (job_id,) = push(store, job_class=registry.name_of(GentleJob))
    with running(make_worker(worker_settings)) as worker:
        wait_until(worker.crew.loop.running)
        worker.buffer.gate.close()
        worker.crew.stops.is_worker_stopping = True
        worker.crew.loop.cancel_all()
        wait_until(lambda: place_of(store, job_id) == "ready")

    payload = payload_of(store, job_id)
    assert (payload.interruptions, payload.failures) == (1, 0)
