"""A Redis that refuses: a command, a key, a write.

What only serves people's eyes ends nobody, and no job is lost.
"""

import os
import signal
from typing import Any
from urllib.parse import urlsplit

import pytest

from jobs.store import Store
from tests.acceptance.runner import is_alive, push
from tests.acceptance.servers import OwnServer
from tests.jobs.worker.made_jobs import client_of, payload_of, place_of
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis]

TIMES = {"TEST_LEASE": "1", "TEST_HEARTBEAT": "0.2"}


@pytest.fixture
def limited_url(store, redis_url):
    """Return a function that makes a user with few rights.

    The function takes what the user may not do, and returns the URL for the user.
    """

    def limit(*rules: str) -> str:
        client_of(store).execute_command(
            "ACL", "SETUSER", "limited", "reset", "on", ">pw", "~*", "&*", "+@all", *rules
        )
        parts = urlsplit(redis_url)
        return f"redis://limited:pw@{parts.hostname}:{parts.port}/0"

    yield limit
    client_of(store).execute_command("ACL", "DELUSER", "limited")


def beats(store) -> int:
    """Return a number that grows with each heartbeat of each worker that ever was."""
    return int(client_of(store).info("commandstats").get("cmdstat_pexpire", {}).get("calls", 0))


def outlast_heartbeats(runner, store, count: int) -> None:
    """Return after so many heartbeats.

    Or when a second worker was started in place of one that died.
    """
    start = beats(store)
    wait_until(
        lambda: beats(store) - start >= count or runner.log.count("worker.started") > 1, timeout=40
    )


def test_worker_that_may_not_unblock_itself_goes_on(start, store, limited_url, assert_sound):
    runner = start(url=limited_url("-client|unblock"), **TIMES)
    for number in range(1, 4):
        outlast_heartbeats(runner, store, 8)  # each of which used to cost a thread
        push(store, "NoteJob", [[number, 0]])
        runner.wait_for_notes(number, timeout=40)

    assert runner.stop() == 0
    assert runner.log.count("worker.started") == 1
    assert_sound()


@pytest.mark.parametrize("rule", ["-bitfield", "-pexpire", "-sadd", "-lpop"])
def test_statistic_that_cannot_be_written_ends_no_worker(start, store, limited_url, rule):
    """Three such deaths put a healthy job into quarantine."""
    url = limited_url(rule)
    (job_id,) = push(store, "GateJob", [[1]])
    push(store, "NoteJob", [[2, 0]])
    runner = start(url=url, **TIMES)
    runner.wait_for_notes(2)

    wait_until(
        lambda: runner.log.count("worker.chore_failed") or runner.log.count("worker.started") > 1,
        timeout=10,
    )
    push(store, "NoteJob", [[3, 0]])  # what was refused is not counted again, and this is new
    outlast_refusals(store)

    assert runner.log.count("worker.started") == 1
    assert place_of(store, job_id) == "running"
    runner.open_gate()
    assert runner.stop() == 0


def outlast_refusals(store) -> None:
    """Let the refused command be tried a few times more."""
    refused = client_of(store).info("errorstats")["errorstat_NOPERM"]["count"]
    wait_until(
        lambda: client_of(store).info("errorstats")["errorstat_NOPERM"]["count"] >= refused + 3,
        timeout=10,
    )


@pytest.mark.parametrize("key", ["jobs:queues", "jobs:workers", "jobs:metrics:names"])
def test_key_for_peoples_eyes_of_a_wrong_type_ends_no_worker(start, store, key):
    client_of(store).set(key, "no such thing")
    push(store, "GateJob", [[1]])
    push(store, "NoteJob", [[2, 0]])
    runner = start(**TIMES)
    runner.wait_for_notes(2)

    outlast_heartbeats(runner, store, 5)

    assert runner.log.count("worker.started") == 1
    runner.open_gate()
    assert runner.stop() == 0


def test_request_that_is_no_text_ends_no_worker(start, store):
    push(store, "GateJob", [[1]])
    runner = start(**TIMES)
    runner.wait_for_notes(1)
    wait_until(lambda: client_of(store).zcard("jobs:workers") == 1)
    names: Any = client_of(store).zrange("jobs:workers", 0, -1)
    inbox = b"jobs:worker:" + names[0] + b":requests"

    client_of(store).rpush(inbox, b"\xff\xfe", b"cancel \xff")
    wait_until(lambda: not client_of(store).exists(inbox))
    client_of(store).set(inbox, "no list")
    outlast_heartbeats(runner, store, 8)

    assert runner.log.count("worker.started") == 1
    runner.open_gate()
    assert runner.stop() == 0


@pytest.mark.parametrize("broken", ["leases", "running", "ready", "retry"])
def test_queue_with_a_key_of_a_wrong_type_stops_only_itself(start, store, broken, assert_sound):
    client_of(store).set(f"{{jobs:broken}}:{broken}", "no such thing")
    push(store, "GateJob", [[1]])
    runner = start("-q", "broken", "-q", "default", **TIMES)
    runner.wait_for_notes(1)
    (noted,) = push(store, "NoteJob", [[2, 0]])
    runner.wait_for_notes(2)
    wait_until(lambda: place_of(store, noted) is None)

    os.kill(runner.child(), signal.SIGKILL)
    runner.wait_for_notes(3)

    assert sorted(runner.notes) == ["2", "begin 1", "begin 1"]
    assert is_alive(runner.pid)
    runner.open_gate()
    wait_until(lambda: len(runner.notes) == 4)
    assert runner.stop() == 0
    assert_sound()


@pytest.mark.parametrize("odd", [b"notanumber", b""])
def test_odd_entry_of_a_dead_worker_does_not_end_the_supervisor(start, store, odd):
    push(store, "GateJob", [[1]])
    runner = start(**TIMES)
    runner.wait_for_notes(1)
    running = store.keys("default").running
    entries: Any = client_of(store).hgetall(running)
    [(job_id, held_by)] = entries.items()
    client_of(store).hset(running, job_id, held_by.rpartition(b"|")[0] + b"|" + odd)

    os.kill(runner.child(), signal.SIGKILL)

    runner.wait_for_notes(2)
    assert is_alive(runner.pid)
    runner.open_gate()
    wait_until(lambda: place_of(store, job_id.decode()) is None)
    assert runner.stop() == 0


def test_payload_that_another_version_wrote_does_not_end_the_supervisor(start, store):
    (job_id,) = push(store, "GateJob", [[1]])
    runner = start(**TIMES)
    runner.wait_for_notes(1)
    raw: Any = client_of(store).hget(store.keys("default").payloads, job_id)
    client_of(store).hset(store.keys("default").payloads, job_id, raw[:-1] + b',"extra":"ab"}')

    os.kill(runner.child(), signal.SIGKILL)

    runner.wait_for_notes(2)
    assert is_alive(runner.pid)
    runner.open_gate()
    assert runner.stop() == 0


def test_full_redis_is_drained(tmp_path, start):
    server = OwnServer(tmp_path, "--maxmemory", "6mb", "--maxmemory-policy", "noeviction")
    server.start()
    try:
        store = Store(server.url, timeout=5.0)
        push(store, "NoteJob", [[number, 0] for number in range(100)])
        (failing,) = push(store, "NoteJob", [["no", "number"]])
        server.fill()

        runner = start(url=server.url, **TIMES)

        runner.wait_for_notes(100)
        # Redis 7.0 refuses any transaction while it is full, and place_of is one.
        wait_until(
            lambda: client_of(store).zscore(store.keys("default").retry, failing) is not None
        )
        assert payload_of(store, failing).failures == 1
        assert runner.stop() == 0
        store.close()
    finally:
        server.stop()
