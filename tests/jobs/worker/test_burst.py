"""The end of a burst.

Nothing is begun any more, and nothing that was begun is left.
"""

import threading

import pytest

from jobs import Job
from jobs.chore import Chore
from jobs.worker.burst import Burst
from jobs.worker.chores import Chores, ChoresThread
from jobs.worker.guard import Guard
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

begun, gate = threading.Event(), threading.Event()


class GateJob(Job):
    def perform(self) -> None:
        """Wait until the test opens the gate."""
        begun.set()
        assert gate.wait(10)


@pytest.fixture(autouse=True)
def shut():
    begun.clear()
    gate.clear()


@pytest.fixture
def worker(store, worker_settings):
    with running(make_worker(worker_settings)) as worker:
        yield worker


def burst_of(worker, meanwhile, brought=None) -> Burst:
    """Return a burst that finds no queue busy, and meanwhile something happens."""

    class Running:
        def is_busy(self, queue: str) -> bool:
            meanwhile()
            return False

    class Store:
        running = Running()

    brought = brought or chores_thread()
    return Burst(Store(), worker.buffer, ["default"], brought, is_wanted=True)


def chores_thread(*chores: Chore) -> ChoresThread:
    return ChoresThread(Chores(chores, Guard(worker="burst")), 0.01)


def test_burst_waits_until_each_chore_that_was_brought_was_done_once(worker):
    """It may enqueue jobs."""
    done = threading.Event()
    brought = chores_thread(Chore("brought", 60.0, lambda: done.wait(10)))
    brought.start()
    burst = burst_of(worker, lambda: None, brought)

    burst.look()
    assert not burst.is_drained

    done.set()
    wait_until(lambda: brought.turns > 0)
    burst.look()
    assert burst.is_drained
    brought.end(lambda: None, 10.0)


def test_burst_goes_on_while_a_job_runs_that_came_during_the_look(worker):
    def start_one():
        GateJob.enqueue()
        assert begun.wait(10)

    burst = burst_of(worker, start_one)
    burst.look()
    found = burst.is_drained, worker.buffer.gate.is_quiet
    gate.set()

    assert found == (False, False)


def test_burst_looks_again_where_a_job_came_and_went_during_the_look(worker):
    """It may have enqueued others."""

    def run_one():
        gate.set()
        GateJob.enqueue()
        assert begun.wait(10)
        wait_until(lambda: worker.buffer.is_idle)

    burst = burst_of(worker, run_one)
    burst.look()
    assert (burst.is_drained, worker.buffer.gate.is_quiet) == (False, False)

    burst_of(worker, lambda: None).look()
    assert worker.buffer.gate.is_quiet


def test_nothing_begins_after_a_burst_is_drained(store, worker):
    burst = burst_of(worker, lambda: None)
    burst.look()
    GateJob.enqueue()

    assert burst.is_drained
    wait_until(lambda: not worker.crew.is_at_work)
    assert not begun.is_set()
    assert store.client.zcard(store.keys("default").ready) == 1


def test_worker_that_people_made_quiet_is_not_drained(worker):
    worker.buffer.gate.close()
    burst = burst_of(worker, lambda: None)

    burst.look()

    assert not burst.is_drained
