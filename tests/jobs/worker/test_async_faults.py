"""What coroutines may do to their shared event loop.

And who must not suffer from it.
"""

import asyncio
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from asgiref.sync import sync_to_async

from jobs.job import Job
from jobs.registry import registry
from tests.jobs.worker.made_jobs import broken_jobs, payload_of, place_of, push, stat
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

RUNNING: set[str] = set()
seen: list[object] = []
MAY_END = threading.Event()


class WaitingJob(Job):
    """Waits until the test lets all go."""

    async def perform(self):
        RUNNING.add(self.job_id)
        await asyncio.to_thread(MAY_END.wait, 10)


class PlainJob(Job):
    def perform(self):
        seen.append(self.job_id)


class NaughtyJob(Job):
    """Ends the process, or does worse, in code of the loop."""

    async def perform(self, how):
        loop = asyncio.get_running_loop()
        if how == "task":
            self.task = asyncio.create_task(_leave())
        elif how == "awaited task":
            await asyncio.create_task(_leave())
        elif how == "callback":
            loop.call_soon(sys.exit)
        elif how == "interrupt":
            loop.call_soon(_interrupt)
        elif how == "stop":
            loop.stop()
        elif how == "broken loop":
            loop._run_once = _fail
        await asyncio.sleep(0.001)

    def retry_in(self, attempt, error):
        return 1000


class LateJob(Job):
    """Fails while the thread that all coroutines share for their conclusions is busy."""

    async def perform(self):
        self.task = asyncio.create_task(sync_to_async(MAY_END.wait)(10))
        await asyncio.sleep(0)
        seen.append(self.job_id)
        raise ValueError("no")

    def retry_in(self, attempt, error):
        return 1000


async def _leave():
    sys.exit("a sub-task has had enough")


def _fail():
    raise OSError("no selector")


def _interrupt():
    raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def clean_slate() -> Iterator[None]:
    seen.clear()
    RUNNING.clear()
    MAY_END.clear()
    yield
    MAY_END.set()


@pytest.mark.parametrize("how", ["task", "awaited task", "callback", "interrupt", "stop"])
def test_exit_in_the_loop_does_not_end_it(store, worker_settings, how, caplog):
    (neighbor,) = push(store, job_class=registry.name_of(WaitingJob))
    with running(make_worker(worker_settings)) as worker:
        wait_until(lambda: RUNNING)
        (naughty,) = push(store, job_class=registry.name_of(NaughtyJob), args=[how])
        wait_until(lambda: place_of(store, naughty) != "ready")
        MAY_END.set()
        wait_until(lambda: place_of(store, neighbor) is None)
        wait_until(lambda: place_of(store, naughty) not in {"ready", "running"})
        (later,) = push(store, job_class=registry.name_of(WaitingJob))
        wait_until(lambda: place_of(store, later) is None)
        assert not worker.crew.loop.has_died

    assert place_of(store, naughty) == ("retry" if how == "awaited task" else None)
    assert "worker.exit_ignored" in caplog.text
    assert broken_jobs(store) == []


def test_loop_that_cannot_go_on_says_so_and_takes_nothing(store, worker_settings, caplog):
    push(store, job_class=registry.name_of(NaughtyJob), args=["broken loop"])
    with running(make_worker(worker_settings, "high", "default")) as worker:
        wait_until(lambda: worker.crew.loop.has_died)
        worker.crew.loop._loop.close()
        assert worker.crew.loop.free == 0
        (later,) = push(store, job_class=registry.name_of(WaitingJob))
        (plain,) = push(store, "high", job_class=registry.name_of(PlainJob))
        wait_until(lambda: place_of(store, plain, "high") is None)
        worker.buffer.gate.close()
        wait_until(lambda: place_of(store, later) == "ready")

    assert not RUNNING
    assert "worker.fault" in caplog.text


def test_coroutines_over_their_limit_hold_no_thread(store, worker_settings):
    ids = push(store, "low", job_class=registry.name_of(WaitingJob), count=6)
    with running(make_worker(worker_settings, "high", "low")):
        wait_until(lambda: len(RUNNING) == 2)
        (plain,) = push(store, "high", job_class=registry.name_of(PlainJob))
        wait_until(lambda: seen == [plain])
        assert len(RUNNING) == 2
        waiting = next(job_id for job_id in ids if job_id not in RUNNING)
        payload = payload_of(store, waiting, "low")
        assert (payload.failures, payload.interruptions, payload.crashes) == (0, 0, 0)

        MAY_END.set()
        wait_until(lambda: stat(store, "processed", "low") == 6)

    assert set(ids) == RUNNING
    assert broken_jobs(store, "high", "low") == []


def test_cancellation_comes_too_late_for_a_run_that_is_over(store, worker_settings, settings):
    settings.JOBS = {"MIDDLEWARE": []}
    (job_id,) = push(store, job_class=registry.name_of(LateJob))
    with running(make_worker(worker_settings)) as worker:
        wait_until(lambda: seen)
        for _ in range(3):  # until the job has raised, and waits for the thread
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), worker.crew.loop._loop).result(5)
        worker.crew.loop.cancel_all()
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), worker.crew.loop._loop).result(5)
        MAY_END.set()
        wait_until(lambda: place_of(store, job_id) == "retry")

    assert [error["class"] for error in payload_of(store, job_id).errors] == ["ValueError"]
    assert broken_jobs(store) == []


def test_heartbeat_tells_since_when_a_coroutine_runs(store, worker_settings, monkeypatch):
    push(store, job_class=registry.name_of(WaitingJob))
    with running(make_worker(worker_settings)) as worker:
        wait_until(lambda: RUNNING)
        beats: list[dict[str, str]] = []

        def beat(name: str, facts: dict[str, str], ttl: float) -> float:
            beats.append(facts)
            return time.time()

        monkeypatch.setattr(worker.portrait._desk, "beat", beat)

        def has_beaten_for_a_while() -> bool:
            worker.portrait.beat()
            return float(beats[-1]["beat_at"]) > float(beats[0]["beat_at"]) + 0.01

        wait_until(has_beaten_for_a_while)
        MAY_END.set()

    since = {float(facts["running"].split()[2]) for facts in beats}
    assert len(since) == 1
    assert since.pop() <= float(beats[0]["beat_at"])
