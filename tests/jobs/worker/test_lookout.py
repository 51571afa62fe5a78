"""How many threads are awake while jobs wait."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from jobs.job import Job
from jobs.worker import lookout
from jobs.worker.duties import Duties
from jobs.worker.lookout import PATIENCE, QUICK, Lookout
from jobs.worker.stock import Stock
from jobs.worker.unit import Unit
from tests.jobs.worker.made_jobs import broken_jobs, push, stat
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

gate = threading.Event()
begun: list[object] = []


class QuickJob(Job):
    def perform(self):
        begun.append("quick")


class LongJob(Job):
    def perform(self):
        begun.append("long")
        assert gate.wait(30)


QUICK_JOB, LONG_JOB = f"{__name__}.QuickJob", f"{__name__}.LongJob"


@pytest.fixture(autouse=True)
def closed_gate() -> Iterator[None]:
    gate.clear()
    begun.clear()
    yield
    gate.set()


class Room:
    """Two jobs wait, and one of three threads is at work."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.Lock())
        self.stock, self.duties = Stock(3), Duties(idle=2)
        self.stock.add([Unit("default", "worker", name, b"", 1, 0.0) for name in "ab"])
        self.stock.mean_seconds = QUICK / 2
        self.lookout = Lookout(self.changed, self.stock, self.duties, 3)
        self.waiting: list[threading.Thread] = []

    def have_one_wait(self) -> threading.Thread:
        """Start a thread that waits, and return when it does."""
        count = len(self.changed._waiters)
        thread = threading.Thread(target=self.in_lock, args=(self.lookout.wait,), daemon=True)
        thread.start()
        wait_until(lambda: len(self.changed._waiters) > count)
        self.waiting.append(thread)
        return thread

    def in_lock(self, do: Callable[[], object]) -> None:
        with self.changed:
            do()

    def man(self) -> threading.Thread:
        """Have one wait and be on the lookout."""
        thread = self.have_one_wait()
        self.in_lock(self.lookout.wake_another)
        wait_until(lambda: self.lookout._is_manned and self.changed._waiters)
        return thread

    def end(self) -> None:
        self.stock.take_all()
        for _ in self.waiting:  # who is woken may look first
            self.in_lock(self.changed.notify_all)
        for thread in self.waiting:
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture
def room() -> Iterator[Room]:
    room = Room()
    yield room
    room.end()


@pytest.fixture
def patient(monkeypatch) -> None:
    monkeypatch.setattr(lookout, "PATIENCE", 60.0)


@pytest.mark.usefixtures("patient")
def test_nobody_else_is_woken_while_one_is_on_the_lookout(room):
    room.man()
    other = room.have_one_wait()

    room.in_lock(room.lookout.wake_another)

    assert len(room.changed._waiters) == 2
    assert other.is_alive()


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("change", ["slow", "empty", "nobody at work"])
def test_another_is_woken_where_more_than_a_lookout_is_needed(room, change):
    room.man()
    room.have_one_wait()
    if change == "slow":
        room.stock.mean_seconds = QUICK
    elif change == "empty":
        room.stock.take_all()
    else:
        room.duties.idle = 3

    room.in_lock(room.lookout.wake_another)

    wait_until(lambda: any(not thread.is_alive() for thread in room.waiting))


@pytest.mark.usefixtures("patient")
def test_one_of_two_that_are_woken_goes_to_work(room):
    room.man()
    room.have_one_wait()

    room.in_lock(room.changed.notify_all)

    wait_until(lambda: any(not thread.is_alive() for thread in room.waiting))


def test_lookout_goes_to_work_where_jobs_do_not_move(room):
    thread = room.have_one_wait()

    room.in_lock(room.lookout.wake_another)

    thread.join(10)
    assert not thread.is_alive()
    assert len(room.stock.units) == 2
    assert room.stock.mean_seconds == PATIENCE  # so others are woken too
    assert not room.lookout._is_manned


def test_lookout_calls_no_job_long_where_others_were_quicker_to_take_them(room, monkeypatch):
    monkeypatch.setattr(room.stock, "first", lambda: None)
    thread = room.have_one_wait()

    room.in_lock(room.lookout.wake_another)

    thread.join(10)
    assert not thread.is_alive()
    assert room.stock.mean_seconds < QUICK


def test_jobs_behind_long_ones_run_on_threads_that_were_left_asleep(store, worker_settings):
    worker = make_worker(replace(worker_settings, concurrency=4))
    worker.buffer._stock.mean_seconds = QUICK / 10  # jobs were quick so far
    push(store, job_class=LONG_JOB, count=3)
    push(store, job_class=QUICK_JOB, count=20)

    with running(worker):
        wait_until(lambda: sorted(map(str, begun)) == ["long"] * 3 + ["quick"] * 20)
        gate.set()
        wait_until(lambda: stat(store, "processed") == 23)
    assert broken_jobs(store) == []
