"""A quiet worker takes jobs again when a person asks for it."""

import threading

import pytest

from jobs import control, inspect
from jobs.job import Job
from jobs.worker.gate import Gate
from jobs.worker.retirement import Reason
from tests.jobs.worker.made_jobs import place_of, push
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

pytestmark = pytest.mark.redis
QUICK = f"{__name__}.QuickJob"


class QuickJob(Job):
    def perform(self):
        pass


@pytest.fixture
def worker(store, worker_settings):
    with running(make_worker(worker_settings)) as worker:
        worker.portrait.beat()
        yield worker


def ask(worker, *requests):
    """Let people ask for things, and the worker look into its inbox once."""
    for request in requests:
        request(worker.crew.worker)
    worker.inbox.fetch()
    worker.grant_requests()


def run_one(store):
    (job_id,) = push(store, job_class=QUICK)
    wait_until(lambda: place_of(store, job_id) is None, timeout=1)


def is_at_rest(worker):
    """Return whether every thread waits at the gate.

    None sleeps on the bell any more.
    """
    duties = worker.buffer._duties
    all_wait = duties.idle == len(worker.crew.threads) and not duties.is_sleeping
    return all_wait and worker.buffer.is_idle


def test_a_quiet_worker_takes_no_job_and_then_takes_jobs_within_a_second(store, worker):
    ask(worker, control.quiet)
    wait_until(lambda: is_at_rest(worker))
    (job_id,) = push(store, job_class=QUICK)
    worker.buffer.tend()
    assert place_of(store, job_id) == "ready"

    ask(worker, control.unquiet)

    wait_until(lambda: place_of(store, job_id) is None, timeout=1)
    assert all(thread.is_alive() for thread in worker.crew.threads)
    run_one(store)


@pytest.mark.parametrize("times", [1, 5])
def test_of_several_requests_the_last_one_holds(store, worker, times):
    ask(worker, *[control.quiet, control.unquiet] * times)
    run_one(store)

    ask(worker, control.unquiet, *[control.unquiet, control.quiet] * times)

    wait_until(lambda: is_at_rest(worker))
    (job_id,) = push(store, job_class=QUICK)
    worker.buffer.tend()
    assert place_of(store, job_id) == "ready"


def test_a_worker_that_is_shown_as_quiet_is_shown_as_working_again(store, worker):
    ask(worker, control.quiet)
    worker.portrait.beat()
    assert inspect.workers()[0].is_quiet

    ask(worker, control.unquiet)
    worker.portrait.beat()

    [shown] = inspect.workers()
    assert (shown.is_quiet, shown.quiet_since) == (False, None)


@pytest.mark.parametrize("requests", [["stop"], ["quiet", "stop"], ["stop", "quiet"]])
def test_a_worker_that_stops_is_not_revived(store, worker, requests):
    ask(worker, *(getattr(control, name) for name in requests), control.unquiet)

    wait_until(lambda: not worker.crew.has_threads)
    assert worker._course.is_quiet
    assert worker.buffer.gate.is_closed


def test_a_quiet_worker_that_is_replaced_is_not_revived(worker):
    ask(worker, control.quiet)
    worker._board.retire(Reason.MEMORY)
    worker._look_after()

    ask(worker, control.unquiet)

    wait_until(lambda: not worker.crew.has_threads)
    assert worker._course.is_quiet


def test_a_term_that_follows_ends_a_worker_that_took_jobs_again(store, worker):
    ask(worker, control.quiet, control.unquiet)
    run_one(store)

    worker._stop()

    wait_until(lambda: not worker.crew.has_threads)


def test_a_request_that_a_worker_does_not_know_changes_nothing(store, worker):
    ask(worker, lambda name: control.workers._ask(name, "dance backwards"))

    assert not worker._course.is_quiet
    run_one(store)


def test_the_supervisor_reads_on_the_board_that_a_worker_takes_jobs_again(worker):
    assert worker._board.unquiet_at == 0
    ask(worker, control.unquiet)
    assert worker._board.unquiet_at == 0

    ask(worker, control.quiet, control.unquiet)

    assert worker._board.unquiet_at > 0


def test_a_gate_that_is_closed_does_not_open():
    changed = threading.Condition()
    gate = Gate(changed, lambda: None)
    gate.close()

    gate.open()

    assert (gate.is_closed, gate.is_quiet) == (True, True)
