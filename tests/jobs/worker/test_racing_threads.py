"""Threads that race for the same units, while a supervisor recalls them.

Each job runs once, and no thread ends.
"""

import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from types import SimpleNamespace

import pytest

from jobs.job import Job
from jobs.registry import registry
from jobs.worker.process import WorkerProcess
from jobs.worker.recall import Recall
from jobs.worker.recovery import Taken
from tests.jobs.worker.made_jobs import broken_jobs, push, stat
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

JOBS = 2000
RAN: list[str] = []


class NoteJob(Job):
    """Takes a moment now and then."""

    def perform(self, number: int) -> None:
        if number % 200 == 0:
            time.sleep(0.03)
        RAN.append(self.job_id)


class Hesitant(deque):
    """Lets other threads run between a look at it and the taking."""

    looks = count()

    def __len__(self) -> int:
        length = super().__len__()
        if next(self.looks) % 3 == 0:
            time.sleep(0)
        return length


@contextmanager
def recalling(store, worker: WorkerProcess) -> Iterator[None]:
    """Recall again and again what has not begun, as a supervisor does."""

    def taken_by(queue: str, name: str) -> list[Taken]:
        return [Taken(queue, *pair) for pair in store.running.list_running(queue, name)]

    link = SimpleNamespace(store=store, recovery=SimpleNamespace(taken_by=taken_by))
    child = SimpleNamespace(board=worker._board, names=[worker.buffer.worker], name="child")
    recall = Recall(link, ["default"])
    over = threading.Event()

    def go_round() -> None:
        while not over.wait(0.005):
            recall.recall(child)
            worker.buffer.note_outage()  # so it looks what it has lost

    thread = threading.Thread(target=go_round)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hasty_threads")
@pytest.mark.parametrize("threads", [1, 2, 50])
def test_each_unit_is_taken_once_by_threads_that_race(store, worker_settings, settings, threads):
    settings.JOBS = {"MIDDLEWARE": []}
    RAN.clear()
    name = registry.name_of(NoteJob)
    ids = [push(store, job_class=name, args=[number])[0] for number in range(JOBS)]
    worker = make_worker(replace(worker_settings, concurrency=threads))
    worker.buffer._stock.units = Hesitant()

    with running(worker), recalling(store, worker):
        wait_until(lambda: stat(store, "processed") == JOBS, timeout=30)
        assert all(thread.is_alive() for thread in worker.crew.threads)

    assert Counter(RAN) == Counter(ids)
    assert broken_jobs(store) == []


class LargeJob(Job):
    """Has so large an argument that a fetch brings 32."""

    def perform(self, text: str) -> None:
        RAN.append(self.job_id)


def test_thread_that_is_alone_runs_large_jobs_as_it_fetches_them(
    store, worker_settings, settings, monkeypatch
):
    settings.JOBS = {"MIDDLEWARE": []}
    RAN.clear()
    name, text = registry.name_of(LargeJob), "x" * 100_000
    ids = [push(store, job_class=name, args=[text])[0] for _ in range(100)]
    worker = make_worker(replace(worker_settings, concurrency=1))
    stock = worker.buffer._stock
    stock.mean_seconds = 0.0  # as after many jobs of microseconds
    most_waiting: list[int] = []
    add = stock.add

    def add_and_count(fetched) -> None:
        add(fetched)
        if not RAN:
            most_waiting.append(len(stock.units))

    monkeypatch.setattr(stock, "add", add_and_count)
    with running(worker):
        wait_until(lambda: len(RAN) == len(ids))

    assert max(most_waiting) == 32
    assert Counter(RAN) == Counter(ids)
