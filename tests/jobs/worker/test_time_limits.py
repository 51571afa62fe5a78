"""Time limits: a run that takes too long fails, and nothing else is struck."""

import asyncio
import itertools
import random
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.errors import TimeLimitExceeded
from jobs.job import Job
from jobs.registry import registry
from jobs.shield import InterruptGuard
from jobs.store import Store
from tests.jobs.worker.gate import QUICK, begun
from tests.jobs.worker.made_jobs import broken_jobs, payload_of, place_of, push, stat
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

pytestmark = [pytest.mark.usefixtures("untraced"), pytest.mark.redis]

seen: list = []
STORES: list[Store] = []


@pytest.fixture(autouse=True)
def nothing_seen():
    seen.clear()


class LimitedJob(Job):
    """Works in Python for longer than it may."""

    time_limit = timedelta(seconds=0.5)

    def perform(self):
        seen.append(self.remaining())
        while True:
            try:
                spin(0.005)
            except Exception:  # noqa: BLE001  # as a careless job would
                seen.append("swallowed")


class LimitedCoroutine(LimitedJob):
    """Sleeps in the event loop for longer than it may."""

    async def perform(self):
        seen.append(self.remaining())
        try:
            await asyncio.sleep(30)
        finally:
            seen.append("cleaned up")


class OwnTimeoutJob(Job):
    """Has a timeout of its own, within its limit."""

    time_limit = timedelta(seconds=30)

    async def perform(self):
        async with asyncio.timeout(0.01):
            await asyncio.sleep(30)


class TidyJob(LimitedJob):
    """Cleans up for a while after it was struck."""

    def perform(self):
        try:
            super().perform()
        except TimeLimitExceeded:
            spin(0.8)
            seen.append("cleaned up")
            raise


class Slow:
    """Takes long to be thrown away."""

    def __del__(self):
        seen.append("finalizer")
        spin(0.6)


class FinalizerJob(LimitedJob):
    """Is in a finalizer when its time is over."""

    def perform(self):
        Slow()
        seen.append("the strike was lost")
        super().perform()


class NearJob(Job):
    """Ends at about its limit."""

    time_limit = timedelta(seconds=0.03)
    max_retries = 0

    def perform(self, seconds):
        spin(seconds)


class EchoingJob(Job):
    """Asks Redis again and again until it is struck, and compares the answers."""

    time_limit = timedelta(seconds=0.03)
    max_retries = 0

    def perform(self):
        for number in itertools.count():
            with STORES[0].available():
                answer = STORES[0].client.echo(str(number))
            if answer != str(number).encode():
                seen.append((number, answer))


def note_error(error, context) -> None:
    seen.append(error)


def spin(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def failed_job(store, job_class: type[Job], settings, **fields):
    """Run a job until it has failed, then another in the same thread.

    Return the payload of the first.
    """
    (job_id,) = push(store, job_class=registry.name_of(job_class), **fields)
    with running(make_worker(settings)) as worker:
        wait_until(lambda: place_of(store, job_id) == "retry")
        push(store, job_class=QUICK, count=4)
        wait_until(lambda: len(begun) == 4)
        assert all(thread.is_alive() for thread in worker.crew.threads)
        assert not worker.crew.limits._timed
        assert not worker.crew.limits._late
        assert worker.crew.limits._board.overdue() == {}
    assert broken_jobs(store) == []
    return payload_of(store, job_id)


@pytest.mark.parametrize("job_class", [LimitedJob, LimitedCoroutine])
def test_run_beyond_its_limit_fails_and_is_tried_again(store, worker_settings, job_class):
    payload = failed_job(store, job_class, worker_settings)

    assert payload.failures == 1
    assert payload.interruptions == payload.crashes == 0
    assert payload.errors[0]["class"] == "jobs.errors.TimeLimitExceeded"
    assert payload.errors[0]["message"] == "The job ran longer than its time limit of 0.5 s."
    assert "perform" in payload.errors[0]["traceback"]
    assert 0 < seen[0] <= 0.5
    assert "swallowed" not in seen
    if job_class is LimitedCoroutine:
        assert seen[1:] == ["cleaned up"]


def test_limit_of_one_call_counts_instead_of_that_of_the_class(store, worker_settings):
    options = {"time_limit": {"timedelta_seconds": 0.05}}
    configured = LimitedJob.using(time_limit=timedelta(seconds=0.05))
    assert configured.options.time_limit == timedelta(seconds=0.05)

    payload = failed_job(store, LimitedJob, worker_settings, options=options)

    assert "0.05 s" in payload.errors[0]["message"]


def test_timeout_within_a_coroutine_is_not_taken_for_its_limit(store, worker_settings):
    payload = failed_job(store, OwnTimeoutJob, worker_settings)

    assert payload.errors[0]["class"] == "TimeoutError"


def test_job_that_cleans_up_is_not_struck_meanwhile(store, worker_settings):
    payload = failed_job(store, TidyJob, worker_settings)

    assert seen[-1] == "cleaned up"
    assert payload.failures == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_strike_that_a_finalizer_loses_comes_again(store, worker_settings):
    settings = changed(worker_settings, time_limit_grace=0.0)

    payload = failed_job(store, FinalizerJob, settings)

    assert seen[0] == "finalizer"
    assert "the strike was lost" in seen
    assert payload.failures == 1


def test_limit_at_the_end_of_a_run_ends_it_once_and_one_way(store, worker_settings):
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    chance = random.Random(7)
    name = registry.name_of(NearJob)
    jobs = [
        push(store, job_class=name, args=[0.03 + chance.uniform(-0.004, 0.024)]) for _ in range(150)
    ]
    try:
        with running(make_worker(worker_settings)) as worker:
            wait_until(lambda: stat(store, "processed") == len(jobs), 30)
            assert all(thread.is_alive() for thread in worker.crew.threads)
    finally:
        sys.setswitchinterval(before)
    places = [place_of(store, job_id) for (job_id,) in jobs]
    assert places.count("dead") == stat(store, "failed")
    assert places.count(None) == len(jobs) - stat(store, "failed")
    assert 0 < stat(store, "failed") < len(jobs)
    assert broken_jobs(store) == []


def test_limit_strikes_in_no_exchange_with_redis(store, worker_settings):
    STORES[:] = [store]
    jobs = [push(store, job_class=registry.name_of(EchoingJob)) for _ in range(60)]

    with running(make_worker(worker_settings)):
        wait_until(lambda: stat(store, "failed") == len(jobs), 30)

    assert seen == []
    assert {place_of(store, job_id) for (job_id,) in jobs} == {"dead"}
    assert broken_jobs(store) == []


def test_run_of_another_number_is_not_struck():
    guard = InterruptGuard()

    def perform(number: int) -> str:
        assert guard.interrupt(TimeLimitExceeded, number) is (number == 8)
        spin(0.01)
        return "done"

    def call() -> None:
        guard.adopt()
        seen.append(guard.call(perform, [7], number=8))
        try:
            guard.call(perform, [8], number=8)
        except TimeLimitExceeded:
            seen.append("struck")

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()

    assert seen == ["done", "struck"]


def test_job_whose_process_was_ended_fails_without_another_run(store, worker_settings, settings):
    settings.JOBS = {**settings.JOBS, "ERROR_HANDLERS": [f"{__name__}.note_error"]}
    mark = {"worker": "w1", "stack": '  File "shop/jobs.py", line 7 in wait_for_ever\n'}

    payload = failed_job(store, LimitedJob, worker_settings, overrun=mark)

    assert [type(each) for each in seen] == [TimeLimitExceeded]
    assert payload.failures == 1
    assert payload.overrun == {}
    (error,) = payload.errors
    assert error["class"] == "jobs.errors.TimeLimitExceeded"
    assert error["worker"] == "w1"
    assert "of 0.5 s" in error["message"]
    assert "line 7 in wait_for_ever" in error["traceback"]


def test_limit_ends_nothing_here_and_now_but_counts():
    class HereJob(Job):
        time_limit = timedelta(seconds=0.5)

        def perform(self):
            first = self.remaining()
            spin(0.6)
            return first, self.remaining()

    first, last = HereJob.perform_now()

    assert 0 < first <= 0.5
    assert last == 0.0


def test_job_without_a_limit_has_no_end():
    class EndlessJob(Job):
        def perform(self):
            return self.remaining()

    assert EndlessJob.perform_now() is None


def changed(settings, **changes):
    return replace(settings, **changes)
