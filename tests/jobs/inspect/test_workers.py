"""Tests of the workers as people see them."""

import time
from datetime import UTC, datetime

from jobs import inspect
from tests.jobs.inspect.filling import beat
from tests.waiting import wait_until


def test_nobody_works_in_an_empty_redis(reader):
    assert inspect.workers(reader) == []


def test_worker_is_shown_as_it_told_in_its_heartbeat(store, reader):
    running = "0190aa high 1700000000.250\n0190bb default 1700000001.000"
    facts = {"host": "web1", "pid": 42, "concurrency": 7, "busy": 2, "running": running, "quiet": 1}
    beat(store, "web1:40:ffff", **facts, started_at=1699999999.5, beat_at=1700000002, peak_memory_bytes=1024)

    [worker] = inspect.workers(reader)

    assert worker == inspect.Worker(
        name="web1:40:ffff",
        host="web1",
        pid=42,
        queues=("high", "default"),
        concurrency=7,
        busy=2,
        running=(
            inspect.RunningJob("0190aa", "high", datetime.fromtimestamp(1700000000.25, UTC)),
            inspect.RunningJob("0190bb", "default", datetime.fromtimestamp(1700000001, UTC)),
        ),
        is_quiet=True,
        is_stopping=False,
        started_at=datetime.fromtimestamp(1699999999.5, UTC),
        beat_at=datetime.fromtimestamp(1700000002, UTC),
        peak_memory_bytes=1024,
    )


def test_oldest_worker_comes_first(store, reader):
    beat(store, "young", started_at=time.time() - 10)
    beat(store, "old", started_at=time.time() - 20)

    assert [worker.name for worker in inspect.workers(reader)] == ["old", "young"]


def test_worker_that_stopped_is_gone(store, reader):
    beat(store, "one")
    beat(store, "two")
    store.forget("one")

    assert [worker.name for worker in inspect.workers(reader)] == ["two"]


def test_worker_that_fell_silent_is_left_out(store, reader):
    beat(store, "lives")
    beat(store, "silent", ttl=0.01)

    wait_until(lambda: not store.client.exists(store.shared.worker("silent")))

    assert [worker.name for worker in inspect.workers(reader)] == ["lives"]


def test_worker_that_fell_silent_long_ago_costs_nothing(store, reader):
    beat(store, "lives")
    beat(store, "silent")
    store.client.zadd(store.shared.workers, {"silent": time.time() - 7200})

    assert list(reader.workers()) == ["lives"]
