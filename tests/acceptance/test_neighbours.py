"""Neighbours of something that is not well.

Of a job that holds the GIL, of a worker that sleeps, of one that is killed again and again.
"""

import os
import signal
import time

import pytest

from jobs.ids import new_job_id
from jobs.payload import Payload
from jobs.store import NewJob
from jobs.store.scripts import sources
from tests.acceptance.runner import is_alive, push
from tests.jobs.worker.made_jobs import client_of
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis]

TIMES = {"TEST_LEASE": "3", "TEST_HEARTBEAT": "1"}


def asleep(store, count: int) -> None:
    wait_until(lambda: client_of(store).info("clients")["blocked_clients"] == count, timeout=40)


def new_job(job_class: str, *args: object) -> NewJob:
    payload = Payload(0, new_job_id(), f"acceptance.{job_class}", "default", args=list(args))
    return NewJob(payload.id, payload.encode(), 0)


def add_push(pipe, store, queue: str, job_class: str, *args: object) -> None:
    script, keys, values = store.intake._push_call(queue, [new_job(job_class, *args)])
    pipe.eval(sources()[script], len(keys), *keys, *values)


def push_behind_one_that_holds_the_gil(store, seconds: int, count: int) -> None:
    """Push all in one transaction, so that one worker takes them all at once."""
    with client_of(store).pipeline(transaction=True) as pipe:
        add_push(pipe, store, "default", "GilJob", 1, seconds)
        for number in range(count):
            add_push(pipe, store, "default", "NoteJob", number, 0)
        pipe.execute()


def learn_that_jobs_are_short(runner, store, count: int) -> None:
    """Let a worker run so many short jobs that it takes many ahead."""
    before = len(runner.notes)
    push(store, "NoteJob", [[-1, 0] for _ in range(count)])
    runner.wait_for_notes(before + count)


def test_job_does_not_wait_beside_an_idle_worker_whose_bell_another_has_heard(start, store):
    store.sets.pause("high")
    push(store, "GateJob", [[1]], "high")
    first = start("-q", "high", "-q", "default", "-c", "1", TEST_HEARTBEAT="60", TEST_LEASE="180")
    asleep(store, 1)
    second = start("-q", "default", "-c", "1", TEST_HEARTBEAT="60", TEST_LEASE="180")
    asleep(store, 2)

    # The first has slept longest, so it hears the bell of `default`.
    # But when it looks, `high` has work.
    with client_of(store).pipeline(transaction=True) as pipe:
        pipe.hdel(store.keys("high").meta, "paused")
        add_push(pipe, store, "default", "NoteJob", 7, 0)
        pipe.execute()

    wait_until(
        lambda: "7" in first.notes, timeout=40, message="the job waits beside an idle worker"
    )
    first.open_gate()
    assert first.stop() == second.stop() == 0


def test_neighbours_of_a_job_that_holds_the_gil_are_free_within_a_heartbeat(
    start, store, assert_sound
):
    """They used to wait for as long as it did."""
    stuck = start("-c", "2", **TIMES)
    learn_that_jobs_are_short(stuck, store, 300)
    push_behind_one_that_holds_the_gil(store, 20, 200)
    wait_until(lambda: "begin 1" in stuck.notes)

    other = start("-c", "2", **TIMES)

    # The other thread may have begun one, and waits for the GIL in its midst.
    wait_until(lambda: len({note for note in stuck.notes if note.isdigit()}) >= 199, timeout=40)
    assert "end 1" not in stuck.notes
    wait_until(lambda: "end 1" in stuck.notes, timeout=30)
    wait_until(lambda: len({note for note in stuck.notes if note.isdigit()}) == 200)
    assert sorted(int(note) for note in stuck.notes if note.isdigit()) == list(range(200))
    assert_sound()
    assert stuck.stop() == other.stop() == 0


def test_worker_that_slept_past_its_lease_begins_nothing_from_its_buffer(
    start, store, assert_sound
):
    times = {"TEST_LEASE": "1", "TEST_HEARTBEAT": "0.3"}
    stuck = start("-c", "2", "-t", "20", **times)
    learn_that_jobs_are_short(stuck, store, 300)
    push_behind_one_that_holds_the_gil(store, 6, 200)
    wait_until(lambda: "begin 1" in stuck.notes)
    child = stuck.child()
    os.kill(stuck.pid, signal.SIGKILL)  # so nobody recalls what waits, and nobody renews the lease
    stuck.open_gate()  # whoever takes that job next ends at once

    other = start("-c", "2", **times)
    wait_until(lambda: {str(n) for n in range(200)} <= set(stuck.notes), timeout=30)
    wait_until(lambda: not is_alive(child), timeout=40)

    # A job that was begun goes on when the process wakes up. What had ended was not handed in yet.
    # Both ran twice.
    assert len([note for note in stuck.notes if note.isdigit()]) < 250
    assert other.stop() == 0
    assert_sound()


def test_busy_worker_that_is_killed_six_times_is_soon_back_each_time(start, store):
    """Such a worker was once held back.

    It was taken for one that crashes at its start, and waited for 0.07, 0.44, 0.84, 1.6, 3.2 and
    6.4 seconds.
    """
    push(store, "NoteJob", [[number, 0.005] for number in range(5000)])
    runner = start("-c", "5")
    pauses = []
    for kill in range(1, 7):
        before = len(runner.notes)
        wait_until(lambda before=before: len(runner.notes) > before + 20, timeout=40)
        runner.wait_for("worker.started", kill)
        os.kill(runner.child(), signal.SIGKILL)
        killed_at = time.monotonic()
        runner.wait_for("worker.started", kill + 1)
        pauses.append(time.monotonic() - killed_at)

    assert max(pauses) < 5, pauses  # the last would take 6.4 s and more
    runner.kill_all()


def test_worker_that_dies_at_its_start_is_still_held_back(start, store):
    push(store, "FatalJob", [[] for _ in range(8)])
    runner = start("-c", "1")

    runner.wait_for("worker.started", 4, timeout=20)

    started = [
        line for line in runner.log.splitlines() if "worker.started" in line or "killed by" in line
    ]
    assert len(started) >= 7
    runner.kill_all()
