"""A cluster whose shards go away.

A worker loses its queues one by one, and only those.
"""

import os
import signal
import time
from collections.abc import Iterator

import pytest
import redis

from jobs.store import Store
from tests.acceptance.runner import push
from tests.jobs.store.servers import running_cluster
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis, pytest.mark.slow]

#: Their slots lie on three different nodes.
QUEUES = ("q", "default", "high")


@pytest.fixture
def ports(tmp_path) -> Iterator[list[int]]:
    with running_cluster(tmp_path) as ports:
        for port in ports:  # as a cluster is set up whose shards shall not stop each other
            with redis.Redis(port=port) as node:
                node.config_set("cluster-require-full-coverage", "no")
        yield ports


@pytest.fixture
def store(ports) -> Iterator[Store]:
    store = Store(f"redis+cluster://127.0.0.1:{ports[0]}", timeout=5)
    yield store
    store.close()


@pytest.fixture
def runner(start, ports, store):
    runner = start(
        *(option for queue in QUEUES for option in ("-q", queue)),
        url=f"redis+cluster://127.0.0.1:{ports[0]}",
        TEST_LEASE="3",
        TEST_HEARTBEAT="0.5",
    )
    for number, queue in enumerate(QUEUES, 1):
        push(store, "NoteJob", [[-number, 0]], queue)
        runner.wait_for_notes(number)
    return runner


def node_of(store, queue: str) -> int:
    return store.client.get_node_from_key(store.keys(queue).ready).port


def pid_of(port: int) -> int:
    with redis.Redis(port=port) as node:
        return node.info("server")["process_id"]


def assert_the_others_run(store, runner, others: list[str]) -> None:
    """Push to the queues that are there, and expect each job soon.

    Again and again.
    """
    for number in range(6):
        for queue in others:
            pushed = time.monotonic()
            push(store, "NoteJob", [[f"{queue} {number}", 0]], queue)
            wait_until(lambda note=f"{queue} {number}": note in runner.notes, timeout=8)
            assert time.monotonic() - pushed < 8


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
def test_node_that_is_away_stops_only_its_own_queues(ports, store, runner, number):
    gone = "high"
    pid = pid_of(node_of(store, gone))

    os.kill(pid, number)
    try:
        assert_the_others_run(store, runner, [queue for queue in QUEUES if queue != gone])
        runner.wait_for("worker.queues_away", timeout=40)
    finally:
        if number == signal.SIGSTOP:
            os.kill(pid, signal.SIGCONT)

    if number == signal.SIGSTOP:
        runner.wait_for("worker.queues_back", timeout=40)
        push(store, "NoteJob", [["back", 0]], gone)
        wait_until(lambda: "back" in runner.notes, timeout=40)
    runner.kill_all()


def latencies(store, runner, name: str, count: int) -> list[float]:
    """Return how late each of `count` jobs began, in order.

    They are pushed to an idle worker, one by one, to each queue in turn. Each time it has slept for
    another while, so that no push falls together with a turn of the sleeper.
    """
    found = []
    for number in range(count):
        note = f"{name} {number}"
        time.sleep(0.06 + number * 0.007 % 0.05)
        pushed = time.monotonic()
        push(store, "NoteJob", [[note, 0]], QUEUES[number % 3])
        wait_until(lambda note=note: note in runner.notes)
        found.append(time.monotonic() - pushed)
    return sorted(found)


def test_idle_worker_wakes_on_a_cluster_as_soon_as_on_one_node(store, runner):
    """To listen to each bell in turn, for 50 ms, once made it slow.

    It took twice that and more. A busy machine gets ten attempts.
    """
    rounds = (latencies(store, runner, f"round {number}", 20)[10] for number in range(10))

    assert any(typical < 0.03 for typical in rounds)
    runner.kill_all()
