"""The loop of a serial worker: its thread waits for the coroutine."""

import asyncio
import itertools
import threading
from collections.abc import Iterator

import pytest

from jobs.worker.async_loop import AsyncLoop
from jobs.worker.attempt import Run
from jobs.worker.board import Board
from jobs.worker.unit import Unit
from tests.waiting import wait_until

NUMBERS = itertools.count(1)


class Lane:
    """A loop with one place, and the run that a thread waits for."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.loop = AsyncLoop(1, self.execute, Board(1), 0)
        self.answers: list[bool] = []

    async def execute(self, run):
        await asyncio.to_thread(self.may_end.wait, 10)

    def begin(self) -> threading.Thread:
        unit = Unit("default", "w", "a", b"", next(NUMBERS))
        run = Run(unit, None, None, None, 0.0, b"")
        waiting = threading.Thread(
            target=lambda: self.answers.append(self.loop.run_alone(run)), daemon=True
        )
        waiting.start()
        return waiting


@pytest.fixture
def lane() -> Iterator[Lane]:
    lane = Lane()
    yield lane
    lane.may_end.set()
    wait_until(lambda: not lane.loop.running())


def test_thread_waits_until_the_coroutine_has_ended(lane):
    for _ in range(3):
        lane.may_end.clear()
        waiting = lane.begin()
        wait_until(lane.loop.running)
        assert waiting.is_alive()
        lane.may_end.set()
        waiting.join(15)
        assert not waiting.is_alive()
        assert not lane.loop.running()

    assert lane.answers == [True] * 3


def test_run_without_a_place_is_refused_at_once(lane):
    lane.begin()
    wait_until(lane.loop.running)

    lane.begin().join(15)

    assert lane.answers == [False]


def test_nobody_waits_for_a_loop_that_has_died(lane):
    waiting = lane.begin()
    wait_until(lane.loop.running)

    lane.loop._break(RuntimeError("it is gone"))
    waiting.join(15)

    assert lane.answers == [True]
