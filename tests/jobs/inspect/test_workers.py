"""Tests of the workers as people see them."""

import time
from datetime import UTC, datetime

from jobs import inspect
from jobs.store.heartbeats import Heartbeats
from jobs.store.reader import Reader
from jobs.store.sight import Sight
from tests.jobs.inspect.filling import beat
from tests.waiting import wait_until


def test_nobody_works_in_an_empty_redis(reader):
    assert inspect.workers(reader) == []


def test_worker_is_shown_as_it_told_in_its_heartbeat(store, reader):
    running = "0190aa high 1700000000.250\n0190bb default 1700000001.000"
    facts = {"host": "web1", "pid": 42, "concurrency": 7, "busy": 2, "running": running, "quiet": 1}
    beat(store, "web1:40:ffff", **facts, started_at=1699999999.5, peak_memory_bytes=1024)
    seen_at = store.client.zscore(store.shared.workers, "web1:40:ffff")

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
        beat_at=datetime.fromtimestamp(seen_at, UTC),
        peak_memory_bytes=1024,
    )


def test_oldest_worker_comes_first(store, reader):
    beat(store, "young", started_at=time.time() - 10)
    beat(store, "old", started_at=time.time() - 20)

    assert [worker.name for worker in inspect.workers(reader)] == ["old", "young"]


def test_worker_that_stopped_is_gone(store, reader):
    beat(store, "one")
    beat(store, "two")
    Heartbeats(store).forget("one")

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


def test_worker_on_a_host_whose_clock_is_two_hours_behind_is_listed_with_the_right_times(
    store, reader, monkeypatch
):
    real = time.time
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: real() - 7200)
        running = f"0190aa high {time.time() - 30:.3f}"
        beat(store, "late", started_at=time.time() - 100, running=running, busy=1)

    [worker] = inspect.workers(reader)

    assert abs(worker.beat_at.timestamp() - real()) < 5
    assert abs(real() - worker.started_at.timestamp() - 100) < 5
    assert abs(real() - worker.running[0].since.timestamp() - 30) < 5


def test_worker_without_a_field_is_shown_beside_the_others(store, reader):
    beat(store, "lives")
    beat(store, "bare")
    store.client.hdel(store.shared.worker("bare"), "host", "pid", "started_at", "peak_memory_bytes")

    found = {worker.name: worker for worker in inspect.workers(reader)}

    assert set(found) == {"lives", "bare"}
    assert (found["bare"].started_at, found["bare"].queues) == (None, ("high", "default"))


def test_heartbeat_of_another_type_costs_one_problem_and_no_other_worker(store, reader):
    beat(store, "lives")
    beat(store, "broken")
    store.client.delete(store.shared.worker("broken"))
    store.client.set(store.shared.worker("broken"), "x")

    assert [worker.name for worker in inspect.workers(reader)] == ["lives"]

    [problem] = reader.problems
    assert problem.key == store.shared.worker("broken")
    assert "type" in problem.reason
    assert "jobs doctor" in problem.remedy


def test_many_problems_are_counted_and_not_all_listed(store, reader):
    for n in range(30):
        beat(store, f"w{n:02}", pid="x")

    assert len(inspect.workers(reader)) == 30

    assert len(reader.problems) == 21
    assert reader.problems[-1].reason == "10 more entries cannot be read."


def test_a_broken_heartbeat_is_told_to_those_who_may_see_its_worker(store):
    for queue in ("mine", "other"):
        beat(store, f"of-{queue}", queues=queue, pid="x")
    looking = Reader(store, Sight(lambda queue: queue == "mine"))

    assert [worker.name for worker in inspect.workers(looking)] == ["of-mine"]
    assert [problem.key for problem in looking.problems] == [store.shared.worker("of-mine")]
