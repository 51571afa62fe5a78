"""Processes that die: workers, supervisors, both, and jobs that take their process with them."""

import os
import signal

import pytest

from jobs.worker.exits import BROKEN, STOPPED_BY_REQUEST
from tests.acceptance.runner import is_alive, push
from tests.jobs.worker.made_jobs import client_of, payload_of, place_of, stat
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis]


def running_count(store) -> int:
    return client_of(store).hlen(store.keys("default").running)


def running_of(store, worker: str) -> list[str]:
    return [job_id for job_id, _ in store.running.list_running("default", worker)]


@pytest.mark.slow
def test_no_job_is_lost_when_the_worker_is_killed_five_times(start, store, assert_sound):
    push(store, "NoteJob", [[number] for number in range(5000)])
    runner = start("-c", "10", TEST_LEASE="30")
    for kill in range(1, 6):
        before = len(runner.notes)
        wait_until(lambda before=before: len(runner.notes) >= before + 300, timeout=40)
        child = runner.child()
        (worker,) = [
            name.decode() for name in client_of(store).zrange(store.keys("default").leases, 0, -1)
        ]
        os.kill(child, signal.SIGKILL)
        wait_until(
            lambda worker=worker: not running_of(store, worker),
            message="not back long before the lease is over",
        )
        runner.wait_for("worker.started", kill + 1)

    runner.wait_until_drained(store)

    assert {int(note) for note in runner.notes} == set(range(5000))
    assert_sound()
    assert runner.stop() == 0


@pytest.mark.slow
def test_no_job_is_lost_when_the_whole_tree_is_killed(start, store, assert_sound):
    push(store, "NoteJob", [[number] for number in range(2000)])
    first = start("-c", "10")
    first.wait_for_notes(300)
    first.kill_all()
    assert running_count(store) > 0

    second = start("-c", "10")
    second.wait_for_notes(1900)
    second.wait_until_drained(store)

    assert {int(note) for note in second.notes} == set(range(2000))
    assert_sound()
    assert second.stop() == 0


@pytest.mark.slow
def test_children_without_a_supervisor_stop_in_good_order(start, store, assert_sound):
    slow = push(store, "SlowJob", [[number, 2.5] for number in range(4)])
    runner = start("-c", "3", "-p", "2", "-t", "15")
    wait_until(lambda: len(runner.notes) == 4)
    runner.wait_for("worker.started", 2)
    children = runner.children()
    push(store, "NoteJob", [[number] for number in range(50)])

    os.kill(runner.pid, signal.SIGKILL)
    wait_until(lambda: not any(is_alive(pid) for pid in children), timeout=40)

    assert all(place_of(store, job_id) is None for job_id in slow)
    assert sorted(note for note in runner.notes if note.startswith("end")) == [
        f"end {n}" for n in range(4)
    ]
    assert running_count(store) == 0
    assert runner.log.count("worker.orphaned") == 2
    assert stat(store, "crashed") == 0
    assert_sound()


def test_orphan_that_cannot_end_its_job_in_time_gives_it_back_without_blame(
    start, store, assert_sound
):
    (job_id,) = push(store, "SlowJob", [[1, 60]])
    runner = start("-t", "1")
    runner.wait_for_notes(1)
    child = runner.child()

    os.kill(runner.pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(child))

    payload = payload_of(store, job_id)
    assert place_of(store, job_id) == "ready"
    assert (payload.failures, payload.crashes, payload.interruptions) == (0, 0, 1)
    assert_sound()


@pytest.mark.slow
def test_job_that_kills_its_process_is_quarantined_and_its_neighbours_complete(
    start, store, assert_sound
):
    neighbours = push(store, "NoteJob", [[number, 0.001] for number in range(40)])
    (fatal,) = push(store, "FatalJob", [[]], crashes=1)
    neighbours += push(store, "NoteJob", [[number, 0.001] for number in range(40, 80)])
    runner = start()

    def hasten() -> bool:
        """Let the crashed job come back at once instead of after its random pause."""
        store.sets.move("default", "retry", "ready", [fatal])
        return place_of(store, fatal) == "dead"

    wait_until(hasten, timeout=40)
    wait_until(lambda: all(place_of(store, job_id) is None for job_id in neighbours))

    payload = payload_of(store, fatal)
    assert payload.crashes == 3
    assert payload.failures == 0
    assert "killed by SIGKILL; peak memory" in payload.errors[-1]["message"]
    assert {int(note) for note in runner.notes if note != "fatal"} == set(range(80))
    assert client_of(store).zcard(store.keys("default").dead) == 1
    runner.wait_for("job.quarantined")
    assert_sound()
    assert runner.stop() == 0


@pytest.mark.slow
@pytest.mark.parametrize("code", [0, STOPPED_BY_REQUEST, BROKEN])
def test_job_that_ends_its_process_with_a_good_code_is_quarantined_too(
    start, store, assert_sound, code
):
    """It used to come back for ever, and nothing else had a chance."""
    (fatal,) = push(store, "LeavingJob", [[code]], crashes=2)
    runner = start()

    wait_until(lambda: place_of(store, fatal) == "dead", timeout=40)

    assert runner.notes == ["leaving"]
    assert f"exit code {code}" in payload_of(store, fatal).errors[-1]["message"]
    (last,) = push(store, "NoteJob", [[7, 0]])
    wait_until(lambda: place_of(store, last) is None)
    assert_sound()
    assert runner.stop() == 0
