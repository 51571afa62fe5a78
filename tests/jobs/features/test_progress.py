"""`self.progress`: what people see of a running job, and that it harms none."""

import asyncio
import threading
import time
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from queue import SimpleQueue

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from jobs import InvalidArguments, Job
from jobs.client import get_client
from jobs.events import ProgressNotWritten, subscribe, unsubscribe
from jobs.features.progress import telling
from jobs.features.progress.telling import EVERY
from jobs.progress import Progress
from jobs.store.whereabouts import Whereabouts
from tests.conftest import free_port
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

KEEP = timedelta(hours=1)
gate = threading.Event()


class CopyJob(Job):
    """Tells thousands of times how far it is, then at the gate once more."""

    keep_result_for = KEEP

    def perform(self, number: int) -> None:
        for done in range(number):
            self.progress(done, number, f"file {done}")
        assert gate.wait(15)
        self.progress(number, number)


class AsyncCopyJob(Job):
    keep_result_for = KEEP

    async def perform(self, number: int) -> None:
        for done in range(number):
            self.progress(done, number, f"file {done}")
        while not gate.is_set():  # noqa: ASYNC110  # a thread opens it
            await asyncio.sleep(0.01)
        self.progress(number, number)


class FailingCopyJob(Job):
    def perform(self, number: int) -> None:
        for done in range(number):
            self.progress(done, number)
        raise ValueError("the disk is full")


class ThreadedCopyJob(Job):
    keep_result_for = KEEP

    def perform(self, number: int) -> None:
        threads = [threading.Thread(target=self.progress, args=(n, number)) for n in range(number)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.progress(number, number)


class EmptyJob(Job):
    """Is empty, as far as Python sees, and ends at once."""

    keep_result_for = KEEP

    def __len__(self) -> int:
        return 0

    def perform(self) -> None:
        self.progress(1, 1)


class WrongJob(Job):
    max_retries = 0

    def perform(self) -> None:
        self.progress("half")


@pytest.fixture(autouse=True)
def closed_gate():
    gate.clear()
    yield
    gate.set()


@pytest.fixture
def worker(worker_settings):
    with running(make_worker(worker_settings)) as worker:
        yield worker


def glance_at(store, enqueued):
    return Whereabouts(store).look(enqueued.queue, enqueued.id, "never")


def progress_of(store, enqueued):
    return Progress.decode(glance_at(store, enqueued).note)


@pytest.mark.parametrize("job_class", [CopyJob, AsyncCopyJob])
def test_progress_is_seen_while_the_job_runs_and_the_last_at_its_end(worker, store, job_class):
    enqueued = job_class.enqueue(50)

    wait_until(lambda: (seen := progress_of(store, enqueued)) and seen.note == "file 49")
    seen = progress_of(store, enqueued)
    assert (seen.done, seen.total) == (49, 50)
    assert abs(seen.at - time.time()) < 60

    gate.set()
    enqueued.result(timeout=15)
    assert progress_of(store, enqueued).is_complete


def test_thousands_of_tellings_cost_a_write_a_second(worker, store):
    store.client.config_resetstat()
    writes: list[tuple[str, float]] = []
    write = telling.Notes.write

    def count(notes, queue, token, job_id, note):
        writes.append((job_id, time.monotonic()))
        return write(notes, queue, token, job_id, note)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telling.Notes, "write", count)
        enqueued = CopyJob.enqueue(20_000)
        wait_until(lambda: (seen := progress_of(store, enqueued)) and seen.done == 19_999)
        gate.set()
        enqueued.result(timeout=15)

    of_this_job = [at for job_id, at in writes if job_id == enqueued.id]
    paced = of_this_job[:-1]  # the last is written at the end of the run
    assert [after - before for before, after in pairwise(paced) if after - before < EVERY] == []
    assert len(of_this_job) < 20


def test_last_that_a_failed_job_told_is_kept_for_people(worker, store):
    enqueued = FailingCopyJob.enqueue(30)

    wait_until(lambda: glance_at(store, enqueued).place == "retry")

    assert progress_of(store, enqueued).done == 29


def test_threads_of_a_job_share_one_slate(worker, store):
    enqueued = ThreadedCopyJob.enqueue(30)

    enqueued.result(timeout=15)

    assert progress_of(store, enqueued).is_complete


def test_job_that_is_empty_has_last_words_too(worker, store):
    enqueued = EmptyJob.enqueue()

    enqueued.result(timeout=15)

    assert progress_of(store, enqueued).is_complete


def test_what_is_no_number_fails_the_job_where_it_is_written(worker, store):
    enqueued = WrongJob.enqueue()

    wait_until(lambda: glance_at(store, enqueued).place == "dead")


def test_nothing_is_left_of_a_job_that_is_done(worker, store):
    enqueued = CopyJob.using(keep_result_for=None).enqueue(30)
    wait_until(lambda: progress_of(store, enqueued))
    gate.set()

    wait_until(lambda: glance_at(store, enqueued).place == "gone")

    assert store.client.hlen(store.keys(enqueued.queue).notes) == 0


class OneTaking:
    queue, id, token = "default", "a" * 32, "w#1"


def bare_job():
    job = CopyJob()
    job.taking = OneTaking()
    return job


def test_absent_redis_costs_the_job_nothing(settings):
    settings.JOBS = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}"}
    job = bare_job()
    begun = time.monotonic()

    for done in range(1_000):
        job.progress(done, 1_000)
    assert time.monotonic() - begun < 10
    job.last_words["progress"]()  # at the end of the run

    assert time.monotonic() - begun < 20


def test_lost_answer_is_made_good_by_the_last_words(store, monkeypatch):
    store.client.hset(store.keys("default").running, OneTaking.id, f"{OneTaking.token}|1")
    write = telling.Notes.write
    failures: list[Exception] = []

    def fail_once(*args):
        if not failures:
            failures.append(RedisConnectionError("cut"))
            raise failures[0]
        return write(*args)

    monkeypatch.setattr(telling.Notes, "write", fail_once)
    job = bare_job()
    job.progress(7, 10)
    wait_until(lambda: failures)

    job.last_words["progress"]()

    assert b'"done":7' in store.client.hget(store.keys("default").notes, OneTaking.id)


def test_broken_key_is_told_once_and_the_job_goes_on(store):
    heard: list[ProgressNotWritten] = []
    store.client.hset(store.keys("default").running, OneTaking.id, f"{OneTaking.token}|1")
    store.client.set(store.keys("default").notes, "text")
    subscribe(ProgressNotWritten, at_once=True)(heard.append)
    job = bare_job()

    with suppress(Exception):
        job.progress(1)
    wait_until(lambda: heard)
    job.progress(2)
    job.last_words["progress"]()
    unsubscribe(heard.append)

    assert [event.id for event in heard] == [OneTaking.id]


def test_run_that_lost_its_job_tells_no_more(store, monkeypatch):
    calls: list[object] = []

    def refuse(*args):
        calls.append(args)
        return False

    monkeypatch.setattr(telling.Notes, "write", refuse)
    job = bare_job()
    job.progress(1)
    wait_until(lambda: calls)

    job.progress(2)
    job.last_words["progress"]()

    assert len(calls) == 1


class CountingSlate:
    """Counts how often the one that writes looks when slates are due."""

    looks = 0
    written = 0

    def __init__(self, due: float) -> None:
        self._due = due

    @property
    def due(self) -> float:
        CountingSlate.looks += 1
        return self._due

    def write(self) -> None:
        CountingSlate.written += 1
        self._due = time.monotonic() + 60


def test_slates_that_wait_cost_those_that_come_nothing():
    slates: SimpleQueue = SimpleQueue()
    CountingSlate.looks = CountingSlate.written = 0
    for number in range(2_000):
        slates.put(CountingSlate(time.monotonic() + 60 + number))
    for _ in range(10):
        slates.put(CountingSlate(0.0))

    threading.Thread(target=telling._write_all, args=[slates], daemon=True).start()

    wait_until(lambda: CountingSlate.written == 10)
    assert CountingSlate.looks < 10 * 2_010


def test_job_without_a_worker_only_checks_what_it_tells():
    CopyJob().progress(1, 2, "half")
    with pytest.raises(InvalidArguments):
        CopyJob().progress("half")

    assert CopyJob().last_words is None
    assert get_client().store.client.keys("*") == []
