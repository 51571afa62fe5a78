"""Orders from people, as real workers obey them."""

import os
import signal

import pytest

from jobs import control, inspect
from tests.acceptance.runner import push
from tests.jobs.worker.made_jobs import place_of
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis]


def workers(count):
    """Return the names of the workers.

    It waits until so many of them have told of themselves.
    """
    wait_until(lambda: len(inspect.workers()) == count, timeout=40)
    return [worker.name for worker in inspect.workers()]


@pytest.mark.slow
def test_a_quiet_worker_takes_no_more_and_stays(start, store):
    runner = start()
    [name] = workers(1)

    assert control.quiet(name)
    wait_until(lambda: inspect.workers()[0].is_quiet)

    (job_id,) = push(store, "NoteJob", [[1]])
    assert runner.process.poll() is None
    assert runner.children()
    assert place_of(store, job_id) == "ready"


@pytest.mark.slow
def test_a_stopped_worker_is_not_replaced_and_the_last_one_ends_the_supervisor(
    start, store, assert_sound
):
    runner = start("-p", "2")
    first, second = workers(2)

    assert control.stop(first)
    wait_until(lambda: len(runner.children()) == 1, timeout=40)
    push(store, "NoteJob", [[number] for number in range(50)])
    runner.wait_for_notes(50)
    assert control.stop(second)

    assert runner.process.wait(15) == 0
    assert workers(0) == []
    assert_sound()


@pytest.mark.slow
def test_a_killed_worker_is_replaced_still_after_another_was_stopped(start):
    runner = start("-p", "2")
    first, _ = workers(2)
    control.stop(first)
    wait_until(lambda: len(runner.children()) == 1, timeout=40)

    [pid] = runner.children()
    os.kill(pid, signal.SIGKILL)

    wait_until(lambda: runner.children() not in ([], [pid]), timeout=40)


@pytest.mark.slow
def test_a_coroutine_that_sleeps_for_an_hour_is_cancelled(start, store, assert_sound):
    (job_id,) = push(store, "AsyncSleepJob", [[3600]])
    store.intake.announce_queues(["default"])
    runner = start()
    runner.wait_for_notes(1)

    assert control.cancel(inspect.find(job_id))

    wait_until(lambda: place_of(store, job_id) == "dead")
    runner.wait_for("job.cancelled")
    assert_sound()


@pytest.mark.slow
def test_a_worker_that_was_stopped_is_started_again_in_development(start):
    runner = start("--reload")
    [name] = workers(1)

    assert control.stop(name)

    runner.wait_for("The supervisor was stopped; starting it again")
    wait_until(lambda: [w.name for w in inspect.workers() if w.name != name], timeout=40)
    assert runner.stop() == 0
