"""Redis that is stopped, hangs, or is not there yet.

The worker waits for it and loses nothing.
"""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from jobs.store import Store
from tests.acceptance.runner import push
from tests.acceptance.servers import OwnServer
from tests.jobs.worker.made_jobs import place_of, stat
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis, pytest.mark.slow]

#: Shorter than every outage here, so that all leases run out in it.
TIMES = {"TEST_LEASE": "1", "TEST_HEARTBEAT": "0.3"}


@pytest.fixture
def server(tmp_path) -> Iterator[OwnServer]:
    server = OwnServer(tmp_path)
    yield server
    server.stop()


def outlast(seconds: float) -> None:
    """Let an outage last."""
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() >= end, timeout=2 * seconds)


def test_worker_goes_on_by_itself_when_redis_was_stopped(server, start, assert_sound):
    server.start()
    store = Store(server.url, timeout=5.0)
    push(store, "NoteJob", [[number] for number in range(1000)])
    push(store, "SlowJob", [[number, 3.5] for number in range(2)])
    runner = start("-c", "5", "-p", "2", url=server.url, **TIMES)
    runner.wait_for_notes(200)

    server.stop()
    runner.wait_for("worker.redis_away")
    outlast(2)
    server.start()

    runner.wait_until_drained(store)
    assert {int(note) for note in runner.notes if note.isdigit()} == set(range(1000))
    assert stat(store, "crashed") == 0
    assert "recovered" not in runner.log
    assert_sound(store)
    assert runner.stop() == 0
    store.close()


def test_worker_goes_on_by_itself_when_redis_hung(server, start, assert_sound):
    server.start()
    store = Store(server.url, timeout=10.0)
    push(store, "NoteJob", [[number] for number in range(1000)])
    runner = start("-c", "5", "-p", "2", url=server.url, **TIMES)
    runner.wait_for_notes(200)

    os.kill(server.process.pid, signal.SIGSTOP)
    outlast(3)
    os.kill(server.process.pid, signal.SIGCONT)

    runner.wait_until_drained(store)
    assert {int(note) for note in runner.notes} == set(range(1000))
    assert "recovered" not in runner.log
    assert_sound(store)
    assert runner.stop() == 0
    store.close()


def test_worker_waits_for_a_redis_that_is_not_there_yet(server, start):
    runner = start(url=server.url)
    runner.wait_for("Trying again in")
    assert f"Redis at {server.url} cannot be used" in runner.log
    assert "python manage.py devredis" in runner.log

    server.start()

    runner.wait_for("worker.started")
    store = Store(server.url)
    (job_id,) = push(store, "NoteJob", [[1]])
    runner.wait_for_notes(1)
    wait_until(lambda: place_of(store, job_id) is None)
    assert runner.stop() == 0
    store.close()


def test_worker_that_still_waits_for_redis_ends_in_good_order(server, start):
    """It died of the signal, which looked like a failed deploy."""
    runner = start(url=server.url)
    runner.wait_for("Trying again in")

    assert runner.stop() == 0
