"""Stopping: in time, with nothing lost, whatever the jobs do meanwhile."""

import os
import signal
import time

import pytest

from tests.acceptance.runner import Runner, push
from tests.jobs.worker.made_jobs import client_of, payload_of, place_of, stat
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis]

#: How long processes may take to end where the machine has other things to do, in seconds.
A_BUSY_MACHINE = 10


def stop_within(runner: Runner, seconds: float) -> None:
    asked = time.monotonic()
    assert runner.stop() == 0
    assert time.monotonic() - asked < seconds


def assert_interrupted(store, job_id: str) -> None:
    payload = payload_of(store, job_id)
    assert place_of(store, job_id) == "ready"
    assert (payload.interruptions, payload.failures, payload.crashes) == (1, 0, 0)


@pytest.mark.slow
def test_stop_under_load_ends_in_time_and_loses_nothing(start, store, assert_sound):
    stuck = push(store, "GateJob", [[number] for number in range(3)])
    push(store, "NoteJob", [[number] for number in range(2000)])
    first = start("-t", "5")
    first.wait_for_notes(100)

    stop_within(first, 5 + A_BUSY_MACHINE)

    assert client_of(store).hlen(store.keys("default").running) == 0
    for job_id in stuck:
        assert_interrupted(store, job_id)
    assert_sound()
    first.open_gate()
    start("-c", "20")
    first.wait_until_drained(store)
    notes = [int(note) for note in first.notes if note.isdigit()]
    assert sorted(notes) == list(range(2000))


@pytest.mark.slow
def test_job_stuck_in_c_code_does_not_hold_up_a_stop(start, store, assert_sound):
    (stuck,) = push(store, "GilJob", [[1, 30]])
    first = start("-t", "5")
    first.wait_for_notes(1)

    stop_within(first, 5 + A_BUSY_MACHINE)

    assert_interrupted(store, stuck)
    assert_sound()
    first.open_gate()
    start()
    first.wait_until_drained(store)
    assert first.notes == ["begin 1", "begin 1", "end 1"]


def test_second_interrupt_exits_at_once(start, store, assert_sound):
    (job_id,) = push(store, "GateJob", [[1]])
    runner = start("-t", "100")
    runner.wait_for_notes(1)

    runner.signal(signal.SIGINT)
    runner.wait_for("supervisor.stopping")
    runner.signal(signal.SIGINT)

    assert runner.wait() == 0
    assert_interrupted(store, job_id)
    assert_sound()


def test_idle_worker_stops_at_once(start, store):
    runner = start("-p", "2", TEST_HEARTBEAT="60", TEST_LEASE="180")
    wait_until(lambda: client_of(store).info("clients")["blocked_clients"] == 2, timeout=40)

    stop_within(runner, 30)  # without being woken, it takes as long as the heartbeat


@pytest.mark.slow
def test_job_that_holds_the_gil_longer_than_the_lease_runs_once(start, store, assert_sound):
    push(store, "GilJob", [[1, 3]])
    runner = start("-p", "2", TEST_LEASE="1", TEST_HEARTBEAT="0.2")

    runner.wait_until_drained(store)

    assert runner.notes == ["begin 1", "end 1"]
    assert "lease_lapsed" not in runner.log
    assert_sound()
    assert runner.stop() == 0


@pytest.mark.slow
def test_paused_worker_loses_its_jobs_and_goes_on_under_a_new_name(start, store, assert_sound):
    times = {"TEST_LEASE": "1", "TEST_HEARTBEAT": "0.2"}
    (job_id,) = push(store, "GateJob", [[1]])
    paused = start(**times)
    paused.wait_for_notes(1)
    child = paused.child()
    other = start(**times)

    os.kill(child, signal.SIGSTOP)
    paused.wait_for("worker.paused")
    other.wait_for_notes(2)  # it has begun there too
    other.open_gate()
    wait_until(lambda: place_of(store, job_id) is None)
    assert other.stop() == 0
    os.kill(child, signal.SIGCONT)

    paused.wait_for("worker.lease_lapsed")
    (more,) = push(store, "NoteJob", [[7]])
    wait_until(lambda: place_of(store, more) is None)
    wait_until(lambda: paused.notes.count("end 1") == 2)
    assert stat(store, "processed") == 2
    assert_sound()
    assert paused.stop() == 0
