"""Coroutines that a forked child throws away, and GeneratorExit in all other places.

Whatever a job does when it is thrown away, no process ends and nothing is recorded.
"""

import asyncio
import gc
import os
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from jobs import Middleware
from jobs.job import Job
from jobs.registry import registry
from tests.jobs.worker.forking import exit_code, forked
from tests.jobs.worker.made_jobs import broken_jobs, payload_of, place_of, push, stat
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

RUNNING: set[str] = set()
MAY_END = threading.Event()
EXIT_CODES: list[int] = []


class TidyJob(Job):
    """Waits until the test lets it go, and tidies up in some way."""

    async def perform(self, how: str) -> None:
        RUNNING.add(self.job_id)
        try:
            await asyncio.to_thread(MAY_END.wait, 10)
        except BaseException:
            if how == "swallow":
                return
            if how == "raise":
                raise ValueError("could not tidy up") from None
            if how == "start a task":
                self.task = asyncio.create_task(asyncio.sleep(0))
            raise


@pytest.fixture(autouse=True)
def clean_slate(settings) -> Iterator[None]:
    settings.JOBS = {"MIDDLEWARE": []}
    RUNNING.clear()
    EXIT_CODES.clear()
    MAY_END.clear()
    yield
    MAY_END.set()


def close_all(worker) -> None:
    """Throw all coroutines away, whatever they say."""
    for task in list(worker.crew.loop._tasks):
        with suppress(RuntimeError, ValueError):
            task.get_coro().close()


@pytest.mark.parametrize("has_loop", [False, True])
@pytest.mark.parametrize("how", ["pass on", "swallow", "raise", "start a task"])
def test_child_goes_on_whatever_its_parents_coroutines_do(store, worker_settings, how, has_loop):
    (job_id,) = push(store, job_class=registry.name_of(TidyJob), args=[how])
    with running(make_worker(worker_settings)) as worker:
        wait_until(lambda: RUNNING)

        async def close_in_a_loop() -> None:
            close_all(worker)

        def throw_away() -> None:
            if has_loop:
                asyncio.run(close_in_a_loop())
            else:
                close_all(worker)

        assert exit_code(forked(throw_away)) == 0
        assert place_of(store, job_id) == "running"
        MAY_END.set()
        wait_until(lambda: place_of(store, job_id) is None)

    assert (stat(store, "processed"), broken_jobs(store)) == (1, [])


class LooseEndJob(Job):
    """Starts a task to which nobody refers but the loop."""

    async def perform(self, notes: str) -> None:
        asyncio.create_task(_note_the_end(notes))  # noqa: RUF006  # see above
        await asyncio.to_thread(MAY_END.wait, 10)


async def _note_the_end(notes: str) -> None:
    RUNNING.add("a task")
    try:
        while not MAY_END.is_set():  # noqa: ASYNC110  # in the queue of the loop at each turn
            await asyncio.sleep(0)
    finally:
        with Path(notes).open("a") as file:  # noqa: ASYNC230  # its last word
            file.write(f"{os.getpid()}\n")


def test_child_throws_no_task_away_that_only_the_loop_knows(store, worker_settings, tmp_path):
    notes = tmp_path / "notes"
    (job_id,) = push(store, job_class=registry.name_of(LooseEndJob), args=[str(notes)])
    with running(make_worker(worker_settings)):
        wait_until(lambda: RUNNING)
        for _ in range(10):
            assert exit_code(forked(gc.collect)) == 0
        MAY_END.set()
        wait_until(lambda: place_of(store, job_id) is None)
        wait_until(lambda: notes.exists() and notes.read_text())

    assert notes.read_text().split() == [str(os.getpid())]


class GeneratorExitJob(Job):
    """Raises what Python raises in a generator that is closed."""

    async def perform(self, how: str) -> None:
        if how == "awaited task":
            await asyncio.create_task(_raise())
        elif how == "gathered":
            await asyncio.gather(_raise(), asyncio.sleep(0))
        raise GeneratorExit

    def retry_in(self, attempt: int, error: BaseException) -> float:
        return 1000


async def _raise() -> None:
    raise GeneratorExit


@pytest.mark.parametrize("how", ["itself", "awaited task", "gathered"])
def test_job_that_raises_generator_exit_fails_and_harms_no_other(store, worker_settings, how):
    (neighbor,) = push(store, job_class=registry.name_of(TidyJob), args=["pass on"])
    with running(make_worker(worker_settings)) as worker:
        wait_until(lambda: RUNNING)
        (odd,) = push(store, job_class=registry.name_of(GeneratorExitJob), args=[how])
        wait_until(lambda: place_of(store, odd) == "retry")
        assert not worker.crew.loop.has_died
        MAY_END.set()
        wait_until(lambda: place_of(store, neighbor) is None)

    assert [error["class"] for error in payload_of(store, odd).errors] == ["GeneratorExit"]
    assert broken_jobs(store) == []


class WitnessMiddleware(Middleware):
    """Notes which processes come by."""

    seen = Path()

    async def aperform(self, job: Job, call_next: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await call_next()
        finally:
            with self.seen.open("a") as file:
                file.write(f"{os.getpid()}\n")


class ForkingJob(Job):
    """Forks, and lets the child raise what looks as if it were thrown away."""

    async def perform(self) -> None:
        child = os.fork()
        if child == 0:
            raise GeneratorExit
        EXIT_CODES.append(await asyncio.to_thread(exit_code, child))


def test_child_that_comes_back_with_generator_exit_reaches_no_middleware(
    store, worker_settings, settings, tmp_path, monkeypatch
):
    monkeypatch.setattr(WitnessMiddleware, "seen", tmp_path / "seen")
    settings.JOBS = {"MIDDLEWARE": [f"{__name__}.WitnessMiddleware"]}
    (job_id,) = push(store, job_class=registry.name_of(ForkingJob))
    with running(make_worker(worker_settings)):
        wait_until(lambda: place_of(store, job_id) is None)

    assert WitnessMiddleware.seen.read_text().split() == [str(os.getpid())]
    assert EXIT_CODES == [1]
