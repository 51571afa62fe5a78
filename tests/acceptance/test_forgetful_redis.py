"""A Redis that forgets, hangs or jumps.

It comes back with an older state, hangs at a bad moment, or its clock jumps.
"""

import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from jobs.store import Store
from tests.acceptance.runner import push
from tests.acceptance.servers import OwnServer
from tests.jobs.worker.made_jobs import client_of, payload_of, place_of, stat
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis]


@pytest.fixture
def server(tmp_path) -> Iterator[OwnServer]:
    server = OwnServer(tmp_path)
    yield server
    server.stop()


def test_job_whose_end_redis_forgot_ends_while_all_threads_are_busy(start, store, assert_sound):
    """It used to stay running under a living name for ever."""
    (done,) = push(store, "SlowJob", [[1, 0.3]])
    runner = start("-c", "1")
    runner.wait_for_notes(1)
    keys, client = store.keys("default"), client_of(store)
    running, payload = client.hgetall(keys.running), client.hget(keys.payloads, done)
    push(store, "GateJob", [[2]])
    runner.wait_for_notes(3)
    wait_until(lambda: place_of(store, done) is None)

    # What a restart with the state of a second ago does.
    client.hset(keys.running, mapping=running)
    client.hset(keys.payloads, done, payload)
    client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    wait_until(lambda: place_of(store, done) is None)
    runner.open_gate()
    runner.wait_until_drained(store)
    assert runner.notes.count("begin 1") == 1
    assert_sound()
    assert runner.stop() == 0


def test_retry_whose_recording_redis_forgot_is_recorded_again(start, store, assert_sound):
    client, keys = client_of(store), store.keys("default")
    (failed,) = push(store, "FailLaterJob", [[]])
    runner = start("-c", "1")
    runner.wait_for_notes(1)
    running, payload = client.hgetall(keys.running), client.hget(keys.payloads, failed)
    push(store, "GateJob", [[2]])
    wait_until(lambda: place_of(store, failed) == "retry")
    runner.wait_for_notes(2)

    client.zrem(keys.retry, failed)
    client.hset(keys.running, mapping=running)
    client.hset(keys.payloads, failed, payload)
    client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    wait_until(lambda: place_of(store, failed) == "retry")
    assert payload_of(store, failed).failures == 1
    assert_sound()
    runner.open_gate()
    assert runner.stop() == 0


def test_stop_while_redis_hangs_ends_in_time_and_interrupts_the_job(server, start):
    """It used to end by SIGKILL, seconds too late.

    The job never saw the stop.
    """
    server.start()
    store = Store(server.url, timeout=5.0)
    push(store, "InterruptibleJob", [[number] for number in range(2)])
    runner = start("-c", "2", "-t", "4", url=server.url)
    runner.wait_for_notes(2)

    server.freeze()
    stopped_at = time.monotonic()
    runner.signal(signal.SIGTERM)
    runner.wait()

    assert time.monotonic() - stopped_at < 8
    assert sorted(runner.notes) == ["begin 0", "begin 1", "interrupted 0", "interrupted 1"]
    store.close()


def test_stop_while_redis_hangs_loses_no_job(server, start, assert_sound):
    server.start()
    store = Store(server.url, timeout=10.0)
    push(store, "InterruptibleJob", [[1]])
    push(store, "NoteJob", [[number, 0.01] for number in range(500)])
    runner = start("-c", "3", "-t", "2", url=server.url, TEST_LEASE="1", TEST_HEARTBEAT="0.3")
    runner.wait_for_notes(50)

    server.freeze()
    runner.signal(signal.SIGTERM)
    runner.wait()
    server.stop()
    server.start()
    second = start("-c", "3", url=server.url, TEST_LEASE="1", TEST_HEARTBEAT="0.3")

    wait_until(lambda: client_of(store).zcard(store.keys("default").ready) == 0, timeout=40)
    wait_until(
        lambda: {note for note in runner.notes if note.isdigit()} == {str(n) for n in range(500)},
        timeout=20,
    )
    assert_sound(store)
    second.kill_all()
    store.close()


def test_leases_in_the_past_of_redis_clock_give_nobody_up(start, store):
    """Others once stole jobs from healthy workers.

    The clock had jumped, or a worker had slept through an outage.
    """
    times = {"TEST_LEASE": "3", "TEST_HEARTBEAT": "0.5"}
    (job_id,) = push(store, "GateJob", [[0]])
    owner = start("-c", "1", **times)
    owner.wait_for_notes(1)
    other = start("-c", "1", **times)
    push(store, "NoteJob", [[1, 0]])
    owner.wait_for_notes(2)
    client, leases = client_of(store), store.keys("default").leases

    # Longer than the heartbeat in which a worker that has just connected leaves others alone.
    end, number = time.monotonic() + 1.5, 1
    while time.monotonic() < end:
        workers: Any = client.zrange(leases, 0, -1)
        for worker in workers:
            client.zadd(leases, {worker: int(client.zscore(leases, worker)) - 20_000})
        number += 1
        push(store, "NoteJob", [[number, 0]])
        owner.wait_for_notes(number + 1)

    assert place_of(store, job_id) == "running"
    assert payload_of(store, job_id).crashes == 0
    assert owner.notes.count("begin 0") == 1
    assert stat(store, "crashed") == 0
    owner.open_gate()
    assert owner.stop() == other.stop() == 0


def test_results_that_expired_go_away_by_themselves(start, store):
    options = {"keep_result_for": {"timedelta_seconds": 0.2}}
    push(store, "NoteJob", [[number, 0] for number in range(250)], options=options)
    runner = start(TEST_HEARTBEAT="0.5")
    runner.wait_for_notes(250)

    wait_until(lambda: client_of(store).hlen(store.keys("default").payloads) == 0)

    assert client_of(store).zcard(store.keys("default").done) == 0
    assert runner.stop() == 0
