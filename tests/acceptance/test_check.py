"""`jobs check` names real trouble, soon and nothing else.

Each test has a server of its own, a real worker and real trouble.
"""

import os
import signal
import subprocess
import sys
import time

import pytest

from jobs.store import Store
from jobs.store.metrics import TEN_SECONDS, MetricReader, MetricStore
from jobs.store.reader import Reader
from tests.acceptance.runner import ROOT, push
from tests.acceptance.servers import OwnServer
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis, pytest.mark.slow]
#: Trouble is named within a minute. Seconds.
SOON = 60


@pytest.fixture
def server(tmp_path):
    """Start a server that is safe: with a limit of memory, and a file."""
    safe = ("--maxmemory", "40mb", "--maxmemory-policy", "noeviction")
    server = OwnServer(tmp_path, *safe)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def store(server):
    """Return a store on that server."""
    store = Store(server.url, timeout=5.0)
    yield store
    store.close()


@pytest.fixture
def check(server):
    """Return a function that runs `jobs check` as a monitor does.

    It returns the exit code and the kinds of the problems that were named.
    """

    def check(*options: str) -> tuple[int, list[str]]:
        variables = {
            "DJANGO_SETTINGS_MODULE": "tests.acceptance.settings",
            "JOBS_REDIS_URL": server.url,
            "PYTHONPATH": str(ROOT),
        }
        found = subprocess.run(
            [sys.executable, "-m", "django", "jobs", "check", *options],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        lines = found.stdout.splitlines()
        return found.returncode, [line.split(":")[0] for line in lines if line != "All well."]

    return check


@pytest.fixture
def work(start, server, check):
    """Return a function that starts a worker with which all is well."""

    def work(**environment: str):
        runner = start("-q", "default", url=server.url, **environment)
        runner.wait_for("worker.started")
        return runner

    return work


def name_soon(check, kind, *options):
    """Assert that just this problem is named within a minute, and nothing before."""
    seen: list[tuple[int, list[str]]] = []

    def is_named() -> bool:
        seen.append(check(*options))
        return seen[-1] != (0, [])

    wait_until(is_named, timeout=SOON, message=f"{kind} was not named")
    assert seen[-1] == (1, [kind])


def test_all_is_well_before_there_is_any_trouble(check, work, store):
    assert check() == (0, [])
    work()
    push(store, "NoteJob", [[n] for n in range(200)])

    assert check() == (0, [])


def test_a_worker_that_is_gone(check, work, store):
    runner = work()
    push(store, "NoteJob", [[1]])
    runner.wait_for_notes(1)
    assert check() == (0, [])

    runner.kill_all()

    name_soon(check, "workers_missing")


def test_a_queue_that_is_late(check, work, store):
    runner = work()
    push(store, "GateJob", [[n] for n in range(10)])
    runner.wait_for_notes(5)
    assert check() == (0, [])

    name_soon(check, "queue_late", "--max-latency", "10")

    runner.open_gate()
    runner.wait_for_notes(20)
    assert check() == (0, [])


def test_failures_that_rise(check, work, store):
    runner = work()
    push(store, "NoteJob", [[n] for n in range(50)])
    runner.wait_for_notes(50)
    push(store, "FailingJob", [[] for _ in range(30)])
    runner.wait_for("job.retried", 30)
    assert check() == (0, [])

    go_on_for_half_a_minute(store)

    name_soon(check, "failures")


def go_on_for_half_a_minute(store):
    """Let what was measured just now have been so for half a minute.

    A class must fail for longer than a burst, and no test should wait so long.
    """
    name = "job:acceptance.FailingJob"
    reader = MetricReader(Reader(store))

    def measured():
        now = store.now()
        return [slot for slot in reader.read([name], TEN_SECONDS, now, 6)[name] if slot]

    wait_until(lambda: sum(slot.runs for slot in measured()) == 30)
    [measure, *_] = measured()
    now = time.time()
    MetricStore(store).add([(name, now - back, measure) for back in (0, 10, 20, 30)])


def test_memory_that_is_nearly_full(check, work, store, server):
    work()
    assert check() == (0, [])

    for number in range(3_400):
        store.client.set(f"ballast:{number}", "x" * 10_000)

    name_soon(check, "redis_memory")


def test_memory_that_is_full(check, work, store, server):
    work()
    server.fill()

    name_soon(check, "redis_memory")


def test_a_clock_that_is_wrong(check, work):
    work(TEST_CLOCK_AHEAD="30")

    name_soon(check, "clock_apart")


def test_redis_that_is_away(check, server):
    server.stop()

    assert check() == (2, ["redis_away"])


def test_a_worker_that_was_restarted_is_no_trouble(check, work, store):
    runner = work()
    push(store, "NoteJob", [[1]])
    runner.wait_for_notes(1)
    runner.signal(signal.SIGTERM)
    runner.wait()

    assert check() == (0, [])
    work()
    assert check() == (0, [])
