"""Eight processes want one unique job, while the workers that run it are killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from tests.acceptance.runner import ROOT
from tests.jobs.worker.made_jobs import client_of
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis, pytest.mark.slow]

ASKERS = 8
#: Enqueues until it is told to end, and then prints the ids of the jobs that it got.
ASK = """
import sys, threading
from contextlib import suppress
import django
django.setup()
from jobs import StoreUnavailable
from tests.acceptance import jobs
job_class = getattr(jobs, sys.argv[1])
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
ids = set()
while True:
    with suppress(StoreUnavailable):  # on a busy machine
        ids.add(job_class.using(commit="immediate").enqueue(int(sys.argv[2])).id)
    if ended.wait(0.01):
        break
print(*ids)
"""


class Watch:
    """Counts the jobs that are alive at one moment, again and again."""

    def __init__(self, store) -> None:
        self._store = store
        self._ended = threading.Event()
        self.most_alive = self.looks = 0
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc_info) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        client, key = client_of(self._store), self._store.keys("default").payloads
        while not self._ended.is_set():
            self.most_alive = max(self.most_alive, client.hlen(key))
            self.looks += 1
            time.sleep(0.001)


@pytest.fixture
def askers(redis_url) -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def ask(askers, redis_url, job_class: str, count: int = ASKERS) -> None:
    """Start processes that enqueue."""
    variables = {"DJANGO_SETTINGS_MODULE": "tests.acceptance.settings", "JOBS_REDIS_URL": redis_url}
    for number in range(count):
        command = [sys.executable, "-c", ASK, job_class, str(number)]
        askers.append(
            subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )


def end_of(askers) -> list[set[str]]:
    """Let the processes end, and return the ids that each got."""
    found = []
    while askers:
        process = askers.pop(0)
        out, _ = process.communicate(timeout=30)
        assert process.returncode == 0
        found.append(set(out.split()))
    return found


def ended(runner) -> set[str]:
    return {line.split()[1] for line in runner.notes if line.startswith("end ")}


def overlaps(notes: list[str]) -> list[str]:
    """Return the runs that began while another was neither ended nor killed."""
    running, found = "", []
    for line in notes:
        word, _, job_id = line.partition(" ")
        if word == "begin":
            if running and running != job_id:
                found.append(f"{job_id} beside {running}")
            running = job_id
        elif running == job_id:
            running = ""
    return found


def kill_worker(runner, count: int) -> None:
    """Kill the worker process while it runs jobs, and wait for the next."""
    before = len(runner.notes)
    wait_until(lambda: len(runner.notes) > before + 10, timeout=60)
    [child] = runner.children()
    os.kill(child, signal.SIGKILL)
    runner.wait_for("worker.started", count + 1, timeout=60)


def test_never_two_are_alive_and_never_none_after_the_last(start, store, redis_url, askers):
    runner = start("-c", "4")
    with Watch(store) as watch:
        ask(askers, redis_url, "UniqueJob")
        for kill in range(1, 6):
            kill_worker(runner, kill)
        got = end_of(askers)
        runner.wait_until_drained(store)

    assert watch.most_alive == 1, f"{watch.looks} looks"
    assert overlaps(runner.notes) == []
    assert set().union(*got) <= ended(runner)
    assert min(map(len, got)) > 1
    keys = store.keys("default")
    assert not client_of(store).exists(keys.unique, keys.traits, keys.windows)
    ask(askers, redis_url, "UniqueJob", 1)
    [last] = end_of(askers)
    wait_until(lambda: last <= ended(runner))


def test_newest_always_runs_and_only_one_waits(start, store, redis_url, askers):
    runner = start("-c", "4")
    ask(askers, redis_url, "NewestJob")
    keys, client = store.keys("default"), client_of(store)
    most = 0
    for kill in range(1, 4):
        kill_worker(runner, kill)
        most = max(most, *(client.hlen(keys.unique) for _ in range(500)))
    end_of(askers)
    runner.wait_until_drained(store)
    ask(askers, redis_url, "NewestJob", 1)
    [last] = end_of(askers)

    wait_until(lambda: last & ended(runner))
    runner.wait_until_drained(store)
    assert most == 1
    assert not client.exists(keys.unique, keys.traits, keys.windows)
