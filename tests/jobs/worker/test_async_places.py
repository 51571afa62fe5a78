"""The places of the event loop: counted exactly, whatever fails on the way."""

import asyncio
import itertools
import threading
import time
from collections.abc import Iterator

import pytest

from jobs.worker.async_loop import AsyncLoop
from jobs.worker.attempt import Run
from jobs.worker.board import Board
from jobs.worker.unit import Unit
from tests.waiting import wait_until

NUMBERS = itertools.count(1)


class Places:
    """A loop with two places whose runs wait until the test lets all go."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.ended: list[str] = []
        self.may_end = threading.Event()
        self.board = Board(2)
        self.loop = AsyncLoop(2, self.execute, self.board, 0)

    async def execute(self, run):
        self.began.append(run.unit.id)
        await asyncio.to_thread(self.may_end.wait, 10)
        self.ended.append(run.unit.id)


def make_run(name: str) -> Run:
    return Run(Unit("default", "w", name, b"", next(NUMBERS)), None, None, None, 0.0, b"")


@pytest.fixture
def places() -> Iterator[Places]:
    places = Places()
    yield places
    places.may_end.set()
    wait_until(lambda: not places.loop.running())


def test_run_without_a_place_is_refused_at_once(places):
    freed = threading.Event()
    places.loop.on_free = freed.set

    assert [places.loop.try_submit(make_run(name)) for name in "abc"] == [True, True, False]
    assert places.loop.free == 0
    wait_until(lambda: len(places.began) == 2)
    assert not freed.is_set()

    places.may_end.set()

    assert freed.wait(15)
    wait_until(lambda: places.loop.free == 2)
    assert sorted(places.ended) == ["a", "b"]


def test_runs_tell_since_when(places):
    before = time.time()
    places.loop.try_submit(make_run("a"))
    wait_until(places.loop.running)

    [run] = places.loop.running()
    assert before <= run.began_at <= time.time()


def test_board_and_listener_that_fail_cost_no_place(places, caplog):
    def fail(*args):
        raise RuntimeError("no board")

    places.board.start = places.board.clear = places.loop.on_free = fail
    places.may_end.set()

    for name in "abcdef":
        wait_until(lambda: places.loop.free)
        assert places.loop.try_submit(make_run(name))

    wait_until(lambda: places.loop.free == 2)
    assert sorted(places.ended) == list("abcdef")
    assert not places.loop.has_died


def test_run_that_is_cancelled_before_its_first_step_begins_again(places):
    places.may_end.set()
    places.loop.try_submit(make_run("a"))
    wait_until(lambda: places.ended == ["a"])

    def start_and_cancel():
        places.loop._start(make_run("b"), places.loop._slots.pop())
        for task in places.loop._tasks:
            task.cancel()

    places.loop._loop.call_soon_threadsafe(start_and_cancel)

    wait_until(lambda: places.ended == ["a", "b"])
    wait_until(lambda: places.loop.free == 2)


def test_thread_that_cannot_start_is_a_loop_that_has_died(places, monkeypatch, caplog):
    def fail(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fail)

    assert not places.loop.try_submit(make_run("a"))
    assert places.loop.has_died
    assert "worker.fault" in caplog.text
