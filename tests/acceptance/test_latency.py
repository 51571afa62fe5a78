"""How soon an idle worker begins.

This is about behaviour and no benchmark: a busy machine gets ten attempts.
"""

import time
from collections.abc import Callable

import pytest

from tests.acceptance.runner import Runner, push
from tests.jobs.worker.made_jobs import client_of
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis]

#: Seconds between the moment a job may run and the moment it runs.
MOST_LATENESS = 0.05
ATTEMPTS = 10


@pytest.fixture
def idle_worker(start, store) -> Runner:
    """Start a worker that sleeps, with a heartbeat so long that it cannot help."""
    runner = start(TEST_HEARTBEAT="10", TEST_LEASE="30")
    wait_until_asleep(store)
    return runner


def wait_until_asleep(store) -> None:
    wait_until(lambda: client_of(store).info("clients")["blocked_clients"] == 1, timeout=40)


def best_lateness(runner: Runner, enqueue: Callable[[], float]) -> float:
    """Return how late a job has begun at best, in seconds.

    `enqueue` pushes the job and returns the moment for which it is due. Early is not allowed.
    """
    lateness = []
    for attempt in range(1, ATTEMPTS + 1):
        due_at = enqueue()
        runner.wait_for_notes(attempt)
        lateness.append(float(runner.notes[-1]) - due_at)
        assert lateness[-1] > -0.002
        if lateness[-1] < MOST_LATENESS:
            break
    return min(lateness)


def test_job_pushed_to_an_idle_worker_begins_at_once(idle_worker, store):
    def enqueue() -> float:
        wait_until_asleep(store)
        now = time.time()
        push(store, "TimedJob", [[]])
        return now

    assert best_lateness(idle_worker, enqueue) < MOST_LATENESS


def test_scheduled_job_begins_on_time(idle_worker, store):
    def enqueue() -> float:
        due_at = round(time.time() + 0.4, 3)
        push(store, "TimedJob", [[]], due=str(round(due_at * 1000)))
        return due_at

    assert best_lateness(idle_worker, enqueue) < MOST_LATENESS


def test_job_due_earlier_than_the_one_slept_for_begins_on_time(idle_worker, store):
    push(store, "TimedJob", [[]], due="+60000")
    wait_until_asleep(store)

    def enqueue() -> float:
        due_at = round(time.time() + 0.3, 3)
        push(store, "TimedJob", [[]], due=str(round(due_at * 1000)))
        return due_at

    assert best_lateness(idle_worker, enqueue) < MOST_LATENESS
