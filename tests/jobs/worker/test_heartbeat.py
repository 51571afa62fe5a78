"""What a worker tells of itself.

And how it gets on with a worker of another version beside it.
"""

import asyncio
import json
import threading
import time
from dataclasses import replace

import pytest

from jobs import Job, inspect
from jobs.registry import registry
from jobs.worker.unit import Unit
from tests.jobs.inspect.filling import beat
from tests.jobs.worker.made_jobs import place_of
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

begun, go_on = threading.Event(), threading.Event()
ran: list[tuple] = []


class WaitingJob(Job):
    async def perform(self) -> None:
        begun.set()
        await asyncio.to_thread(go_on.wait, 10)


class NotedJob(Job):
    max_retries = 3

    def perform(self, *args) -> None:
        ran.append(args)
        if args == ("fail",):
            raise ValueError("boom")


@pytest.fixture(autouse=True)
def fresh():
    begun.clear()
    go_on.clear()
    ran.clear()


def put_raw(store, job_id, **fields):
    """Put a payload of just these fields into the ready set."""
    data = {
        "priority": 0,
        "id": job_id,
        "job_class": registry.name_of(NotedJob),
        "queue": "default",
        **fields,
    }
    store.client.hset(
        store.keys("default").payloads, job_id, json.dumps(data, separators=(",", ":"))
    )
    store.client.zadd(store.keys("default").ready, {job_id: 100 << 44})
    store.intake.announce_queues(["default"])


def test_a_coroutine_runs_since_it_began(store, worker_settings):
    store.intake.announce_queues(["default"])
    with running(make_worker(worker_settings)) as worker:
        before = time.time()
        WaitingJob.enqueue()
        assert begun.wait(10)
        after = time.time()
        # A heartbeat that is told apart from the beginning.
        wait_until(lambda: time.time() > after + 0.2)
        worker.portrait.beat()
        [told] = inspect.workers()[0].running
        go_on.set()

    assert before - 0.01 <= told.since.timestamp() <= after + 0.05
    assert told.job_class == registry.name_of(WaitingJob)


@pytest.mark.parametrize("raw", [b"{no", b"\xff", b"7", b'{"job_class": 7}', b"[" * 100_000])
def test_class_of_what_cannot_be_read_is_empty(raw):
    assert Unit("q", "w", "id", raw, 1).job_class == ""


@pytest.mark.parametrize(("heartbeat", "shown_for"), [(0.1, 60), (5, 60), (100, 600)])
def test_a_worker_is_shown_over_several_heartbeats(store, worker_settings, heartbeat, shown_for):
    worker = make_worker(replace(worker_settings, heartbeat=heartbeat, lease=3 * heartbeat))

    worker.portrait.beat()

    left = store.client.pttl(store.shared.worker(worker.buffer.worker)) / 1000
    assert left == pytest.approx(shown_for, abs=10)


def test_a_heartbeat_forgets_machines_that_died_long_ago(store, worker_settings):
    workers = store.shared.workers
    store.client.zadd(workers, {"dead": time.time() - 7200, "silent": time.time() - 60})

    with running(make_worker(worker_settings)) as worker:
        worker.portrait.beat()

    assert set(store.client.zrange(workers, 0, -1)) == {b"silent", worker.buffer.worker.encode()}


def test_workers_of_other_versions_are_shown_beside_each_other(store, worker_settings):
    beat(store, "older", started_at=1.0)
    store.client.hdel(
        store.shared.worker("older"), "peak_memory_bytes", "quiet", "running", "stopping"
    )
    beat(
        store,
        "newer",
        running="0190aa default 1764000000.0 app.Job 7",
        busy=1,
        cpu_percent=12,
        lanes="a,b",
    )

    with running(make_worker(worker_settings)) as worker:
        worker.portrait.beat()
        reader = inspect.get_reader()
        found = {each.name: each for each in inspect.workers(reader)}

    assert set(found) == {"older", "newer", worker.buffer.worker}
    assert [job.job_id for job in found["newer"].running] == ["0190aa"]
    assert found["older"].peak_memory_bytes == 0
    assert reader.problems == ()


def test_jobs_of_a_newer_and_an_older_version_run_and_keep_what_they_brought(
    store, worker_settings
):
    put_raw(store, "a" * 32)
    put_raw(
        store, "b" * 32, args=["fail"], enqueued_at=time.time(), lane="fast", trace={"deep": [1]}
    )

    with running(make_worker(worker_settings)):
        wait_until(lambda: len(ran) == 2 and place_of(store, "b" * 32) == "retry")

    kept = json.loads(store.client.hget(store.keys("default").payloads, "b" * 32))
    assert (kept["lane"], kept["trace"], kept["failures"]) == ("fast", {"deep": [1]}, 1)
    assert sorted(ran) == [(), ("fail",)]


def test_what_this_version_writes_can_be_read_by_one_that_knows_less(store, worker_settings):
    """The first version read each of these fields.

    It also read `id queue since` of each running job.
    """
    with running(make_worker(worker_settings)) as worker:
        worker.portrait.beat()
        facts = {
            k.decode(): v.decode()
            for k, v in store.client.hgetall(store.shared.worker(worker.buffer.worker)).items()
        }

    assert facts["queues"] == "default"
    assert (int(facts["concurrency"]), int(facts["busy"]), facts["quiet"]) == (
        worker_settings.concurrency,
        0,
        "0",
    )
    assert float(facts["started_at"]) <= float(facts["beat_at"]) <= time.time()
    assert int(facts["pid"]) > 0
    assert int(facts["peak_memory_bytes"]) > 0
    assert facts["running"] == ""


def test_a_loop_that_stands_still_is_told_since_it_last_turned(worker_settings, monkeypatch):
    worker = make_worker(worker_settings)
    buffer = worker.buffer
    turns = [7]
    monkeypatch.setattr(type(buffer), "is_waiting", True)
    monkeypatch.setattr(type(buffer), "turns", property(lambda _: turns[0]))
    before = time.time()
    worker.portrait.beat()
    assert inspect.workers()[0].stands_since is None

    worker.portrait.beat()
    stands_since = inspect.workers()[0].stands_since
    assert stands_since.timestamp() == pytest.approx(before, abs=5)
    worker.portrait.beat()
    assert inspect.workers()[0].stands_since == stands_since

    turns[0] += 1
    worker.portrait.beat()
    assert inspect.workers()[0].stands_since is None


def test_a_process_that_was_frozen_has_no_loop_that_stands_still(worker_settings, monkeypatch):
    """It was named as stuck by its first heartbeat after that."""
    worker = make_worker(worker_settings)
    buffer = worker.buffer
    monkeypatch.setattr(type(buffer), "is_waiting", True)
    monkeypatch.setattr(type(buffer), "turns", 7)
    worker.portrait.beat()
    real = time.time

    monkeypatch.setattr(time, "time", lambda: real() + 100)
    worker.portrait.beat()
    assert inspect.workers()[0].stands_since is None

    worker.portrait.beat()
    assert inspect.workers()[0].stands_since is not None


def test_a_busy_worker_need_not_turn(worker_settings):
    worker = make_worker(worker_settings)

    worker.portrait.beat()
    worker.portrait.beat()

    assert inspect.workers()[0].stands_since is None


def test_a_clock_is_apart_when_two_heartbeats_say_so(worker_settings, monkeypatch):
    worker = make_worker(worker_settings)
    real = time.time
    before = real()
    monkeypatch.setattr(time, "time", lambda: real() + 100)

    worker.portrait.beat()
    [seen] = inspect.workers()
    assert seen.clock_behind_seconds == pytest.approx(-100, abs=3)
    assert seen.clock_apart_since is None

    worker.portrait.beat()
    [seen] = inspect.workers()
    assert seen.clock_apart_since.timestamp() == pytest.approx(before, abs=3)

    monkeypatch.setattr(time, "time", real)
    worker.portrait.beat()
    worker.portrait.beat()
    assert inspect.workers()[0].clock_apart_since is None


def test_a_quiet_worker_tells_since_when(worker_settings):
    worker = make_worker(worker_settings)
    worker._become_quiet()
    before = time.time()

    worker.portrait.beat()
    worker.portrait.beat()

    assert inspect.workers()[0].quiet_since.timestamp() == pytest.approx(before, abs=3)


@pytest.mark.parametrize("is_orphan", [False, True])
def test_worker_is_shown_until_somebody_has_seen_to_its_jobs(store, worker_settings, is_orphan):
    """It once took itself down first.

    Until its supervisor had noted its end, people were told that no worker takes jobs.
    """
    worker = make_worker(worker_settings)
    worker.portrait.beat()
    worker._orphan.is_orphan = is_orphan

    worker._say_farewell()

    assert [each.name for each in inspect.workers()] == (
        [] if is_orphan else [worker.buffer.worker]
    )
    worker._store.close()
