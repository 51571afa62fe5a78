"""The buffer of a worker process.

Batches, finishes that are never late, units that go back, a Redis that is away.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace

import pytest

from jobs.job import Job
from jobs.worker.catch import Catch
from jobs.worker.recovery import Recovery, WorkerEnd
from jobs.worker.stock import AHEAD_SECONDS, MOST_UNITS
from tests.jobs.worker.lossy_proxy import LossyProxy
from tests.jobs.worker.made_jobs import broken_jobs, client_of, mark_of, place_of, push, stat, take
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

GATES: dict[str, threading.Event] = {}
begun: list[object] = []
QUICK, GATED = f"{__name__}.QuickJob", f"{__name__}.GatedJob"


class QuickJob(Job):
    def perform(self, number=None):
        begun.append(number)


class GatedJob(Job):
    """Runs until its gate opens."""

    def perform(self, gate):
        begun.append(gate)
        assert GATES[gate].wait(30)


@pytest.fixture(autouse=True)
def nothing_begun() -> None:
    begun.clear()


@pytest.fixture
def gate() -> Iterator[str]:
    name = f"gate-{len(GATES)}"
    GATES[name] = threading.Event()
    yield name
    GATES[name].set()


@pytest.fixture
def proxy(redis_url) -> Iterator[LossyProxy]:
    proxy = LossyProxy(redis_url)
    yield proxy
    proxy.close()


def open_gate(gate: str) -> None:
    GATES[gate].set()


def gone_within(store, job_id: str, seconds: float) -> bool:
    """Tell whether a job is finished in Redis so soon after it began.

    On a busy machine it may begin a little later.
    """
    wait_until(lambda: begun)
    began = time.monotonic()
    wait_until(lambda: place_of(store, job_id) is None)
    return time.monotonic() - began < seconds


def test_finish_is_sent_at_once_while_another_thread_sleeps_on_the_bell(store, worker_settings):
    with running(make_worker(replace(worker_settings, heartbeat=10.0, lease=30.0))) as worker:
        wait_until(lambda: worker.buffer._duties.is_sleeping)
        (job_id,) = push(store, job_class=QUICK)

        assert gone_within(store, job_id, 5.0)  # a heartbeat takes longer


def test_finish_is_sent_while_all_threads_are_busy_with_long_jobs(store, worker_settings, gate):
    settings = replace(worker_settings, concurrency=1, heartbeat=10.0, lease=30.0)
    with running(make_worker(settings)):
        short, long = push(store, job_class=QUICK) + push(store, job_class=GATED, args=[gate])
        wait_until(lambda: gate in begun)

        assert gone_within(store, short, 5.0)
        assert place_of(store, long) == "running"
        open_gate(gate)


def test_units_that_no_thread_takes_go_back_to_the_queue(store, worker_settings, gate):
    worker = make_worker(replace(worker_settings, concurrency=1))
    worker.buffer._stock.mean_seconds = (
        0.000_1  # jobs were short so far, so the buffer takes many ahead
    )
    with running(worker):
        client_of(store).hset(store.keys("default").meta, "paused", 1)
        long = push(store, job_class=GATED, args=[gate])[0]
        waiting = push(store, job_class=QUICK, count=20)
        client_of(store).hdel(store.keys("default").meta, "paused")

        wait_until(lambda: begun == [gate])
        wait_until(lambda: {place_of(store, job_id) for job_id in waiting} == {"ready"})

        assert place_of(store, long) == "running"
        open_gate(gate)
        wait_until(lambda: stat(store, "processed") == 21)
    assert broken_jobs(store) == []


@pytest.mark.parametrize("mean_seconds", [1.0, 0.01, 0.005, 0.001])
def test_batch_holds_no_more_than_a_few_milliseconds_of_work(worker_settings, mean_seconds):
    buffer = make_worker(worker_settings).buffer
    buffer._stock.mean_seconds = mean_seconds

    ahead = buffer._stock.count_wanted(2) - 2

    assert AHEAD_SECONDS - mean_seconds < ahead * mean_seconds / 2 <= AHEAD_SECONDS


def test_batch_has_a_limit_however_short_the_jobs_are(worker_settings):
    buffer = make_worker(worker_settings).buffer
    buffer._stock.mean_seconds = 0.0

    assert buffer._stock.count_wanted(2) == MOST_UNITS


def test_batch_is_not_sized_for_a_thread_that_sleeps(worker_settings, monkeypatch):
    buffer = make_worker(worker_settings).buffer
    buffer._duties.idle, buffer._duties.is_sleeping = 2, True
    counts = []

    def fetch(count, *rest):
        counts.append(count)
        return Catch()

    monkeypatch.setattr(buffer._fetcher, "fetch", fetch)
    with buffer._changed:
        buffer._exchange()

    assert counts == [1]


def test_many_short_jobs_need_few_round_trips(store, worker_settings):
    push(store, job_class=QUICK, count=1000)
    push(store, job_class=QUICK, count=1000)
    before = client_of(store).info("commandstats")["cmdstat_evalsha"]["calls"]

    with running(make_worker(worker_settings)):
        wait_until(lambda: stat(store, "processed") == 2000, timeout=20)

    assert client_of(store).info("commandstats")["cmdstat_evalsha"]["calls"] - before < 700
    assert broken_jobs(store) == []


def test_high_queue_is_served_before_a_job_that_waits_in_default(store, worker_settings, gate):
    worker = make_worker(replace(worker_settings, concurrency=1), "high", "default")
    push(store, "high", job_class=GATED, args=[gate])
    push(store, "default", job_class=QUICK, args=["default"])
    with running(worker):
        wait_until(lambda: begun == [gate])
        push(store, "high", job_class=QUICK, args=["high"], count=5)
        open_gate(gate)
        wait_until(lambda: len(begun) == 7)

    assert begun == [gate, *["high"] * 5, "default"]


def test_lapsed_worker_drops_its_buffer_and_goes_on_under_a_new_name(store, worker_settings, gate):
    worker = make_worker(replace(worker_settings, concurrency=1))
    with running(worker):
        (long,) = push(store, job_class=GATED, args=[gate])
        wait_until(lambda: begun)
        lapsed = worker.buffer.worker
        Recovery(store, worker_settings).recover(
            "default", lapsed, WorkerEnd("gone", is_crash=False)
        )
        take(store, "other")
        open_gate(gate)
        wait_until(lambda: worker.buffer._fetcher._membership._names["default"] == f"{lapsed}.1")

        (more,) = push(store, job_class=QUICK)
        wait_until(lambda: place_of(store, more) is None)
        assert worker.buffer.worker == lapsed

    assert place_of(store, long) == "running"
    assert stat(store, "processed") == 1


def test_jobs_of_a_lost_answer_are_run(store, worker_settings, proxy):
    with running(make_worker(replace(worker_settings, redis_url=proxy.url))):
        proxy.lose(mark_of("fetch"))
        push(store, job_class=QUICK, count=3)

        wait_until(proxy.lost.is_set)
        wait_until(lambda: stat(store, "processed") == 3)
    assert broken_jobs(store) == []


def test_finish_is_kept_while_redis_is_away_and_sent_again(
    store, worker_settings, proxy, gate, caplog
):
    with running(
        make_worker(replace(worker_settings, redis_url=proxy.url, heartbeat=0.1, lease=60.0))
    ) as worker:
        (job_id,) = push(store, job_class=GATED, args=[gate])
        wait_until(lambda: begun)
        proxy.go_down()
        open_gate(gate)
        wait_until(lambda: "worker.redis_away" in caplog.text)
        assert place_of(store, job_id) == "running"
        assert not worker.buffer.is_idle

        proxy.come_up()

        wait_until(lambda: place_of(store, job_id) is None)
    assert len(begun) == 1
    assert stat(store, "processed") == 1


def test_finish_is_sent_again_also_when_all_threads_are_busy(
    store, worker_settings, proxy, gate, caplog, monkeypatch
):
    worker = make_worker(replace(worker_settings, redis_url=proxy.url, concurrency=1, lease=60.0))
    worker.buffer._stock.mean_seconds = 0.000_1
    short, long = push(store, job_class=QUICK) + push(store, job_class=GATED, args=[gate])
    unsent = threading.Event()
    finish = worker.buffer.finish

    def finish_and_go_down(unit, elapsed):
        if not unsent.is_set():
            proxy.go_down()
        finish(unit, elapsed)
        unsent.set()

    monkeypatch.setattr(worker.buffer, "finish", finish_and_go_down)
    with running(worker):
        wait_until(unsent.is_set)
        wait_until(lambda: gate in begun)
        wait_until(lambda: "worker.redis_away" in caplog.text)
        proxy.come_up()

        wait_until(lambda: place_of(store, short) is None)

        assert place_of(store, long) == "running"
        open_gate(gate)


def test_other_end_of_a_job_is_kept_while_redis_is_away_and_sent_again(
    store, worker_settings, proxy
):
    worker = make_worker(replace(worker_settings, redis_url=proxy.url, lease=60.0))
    with running(worker):
        wait_until(lambda: worker.buffer._duties.is_sleeping)
        proxy.lose(mark_of("fail"))
        (job_id,) = push(store, job_class=GATED, args=["no such gate"])

        wait_until(proxy.lost.is_set)
        wait_until(lambda: worker.buffer.is_idle)
    assert place_of(store, job_id) == "retry"
    assert stat(store, "failed") == 1


def test_answer_that_nobody_expected_ends_no_thread(store, worker_settings):
    (job_id,) = push(store, job_class=QUICK)
    ready = store.keys("default").ready
    client_of(store).rename(ready, "aside")
    client_of(store).set(ready, "no sorted set")
    worker = make_worker(worker_settings)
    with running(worker):
        wait_until(lambda: worker.buffer._outage.pause)
        assert all(thread.is_alive() for thread in worker.crew.threads)

        client_of(store).rename("aside", ready)

        wait_until(lambda: place_of(store, job_id) is None)


def test_paused_queue_is_left_alone_until_it_goes_on(store, worker_settings):
    client_of(store).hset(store.keys("default").meta, "paused", 1)
    with running(make_worker(worker_settings, "default", "other")):
        (paused,) = push(store, job_class=QUICK)
        (other,) = push(store, "other", job_class=QUICK)
        wait_until(lambda: place_of(store, other, "other") is None)
        assert place_of(store, paused) == "ready"

        client_of(store).hdel(store.keys("default").meta, "paused")

        wait_until(lambda: place_of(store, paused) is None)


class Snatched(deque):
    """Loses its only unit to another thread between a look and a grasp."""

    snatched = 0

    def __len__(self):
        return 1

    def popleft(self):
        self.snatched += 1
        raise IndexError


def test_thread_from_which_another_takes_the_last_unit_goes_on(store, worker_settings):
    worker = make_worker(worker_settings)
    worker.buffer._stock.units = units = Snatched()
    thread = threading.Thread(target=worker.buffer.take)
    thread.start()
    wait_until(lambda: units.snatched > 1)
    worker.buffer._stock.units = deque()
    assert thread.is_alive()

    worker.buffer.gate.close()
    thread.join(15)
    assert not thread.is_alive()


def test_quiet_worker_takes_nothing_and_ends_what_it_has(store, worker_settings, gate):
    with running(make_worker(worker_settings)) as worker:
        (first,) = push(store, job_class=GATED, args=[gate])
        wait_until(lambda: begun)

        worker.buffer.gate.close()
        (later,) = push(store, job_class=QUICK)
        open_gate(gate)
        wait_until(
            lambda: worker.buffer.is_idle and not any(t.is_alive() for t in worker.crew.threads)
        )

        wait_until(lambda: place_of(store, first) is None)
    assert place_of(store, later) == "ready"
