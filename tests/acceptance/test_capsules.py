"""Capsules from outside: groups of queues with threads of their own, under one supervisor."""

import os
import re
import signal

import pytest

from tests.acceptance.runner import Runner, is_alive, push
from tests.jobs.worker.made_jobs import client_of, place_of
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis]


def workers_of(runner: Runner, queues: str) -> list[int]:
    """Return the pids of the workers of one capsule that live, oldest first."""
    started = re.findall(rf"worker\.started .*?child=(\d+) queues={queues}\b", runner.log)
    return [int(pid) for pid in started if is_alive(int(pid))]


def alone_ended(runner: Runner) -> int:
    return sum(note.startswith("alone ") and "begins" not in note for note in runner.notes)


def numbers(runner: Runner, name: str) -> list[int]:
    pattern = re.compile(rf"{name}(\d+)")
    return sorted(int(found[1]) for note in runner.notes if (found := pattern.fullmatch(note)))


def begun(runner: Runner) -> set[str]:
    return {note for note in runner.notes if note.startswith("begin ")}


def test_each_capsule_has_threads_of_its_own(start, store):
    push(store, "GateJob", [[number] for number in range(5)], "payments")
    push(store, "GateJob", [[number] for number in range(100, 110)], "low")
    runner = start("--capsule", "payments:1", "--capsule", "default,low:3")

    wait_until(lambda: len(begun(runner)) == 4)
    runner.open_gate()
    runner.wait_for_notes(30)

    assert len(runner.children()) == 2
    assert runner.notes.index("end 0") < runner.notes.index("begin 1")
    assert runner.stop() == 0


@pytest.mark.slow
def test_serial_capsule_stays_serial_under_kills_and_rolling_restarts(start, store, assert_sound):
    """20 kills and 5 restarts, while another capsule runs at full width."""
    push(store, "AloneJob", [[number, 0.05] for number in range(150)], "payments")
    push(store, "NoteJob", [[number, 0.02] for number in range(10_000)])
    runner = start("--capsule", "payments:1", "--capsule", "default:10", TEST_MAX_CRASHES="100")

    for hit in range(25):
        seen = alone_ended(runner)
        wait_until(lambda seen=seen: alone_ended(runner) > seen, 30)
        if hit % 5 == 4:
            before = runner.children()
            runner.signal(signal.SIGHUP)
            wait_until(lambda before=before: not any(map(is_alive, before)), 30)
        else:
            [pid] = workers_of(runner, "payments")
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda pid=pid: not is_alive(pid))
    wait_until(lambda: set(numbers(runner, "alone ")) == set(range(150)), 60)

    overlaps = [note for note in runner.notes if note.startswith("overlap")]
    assert overlaps == []
    # The other capsule was replaced five times in good order, and killed never.
    others = numbers(runner, "")
    assert len(others) == len(set(others))
    assert client_of(store).zcard(store.keys("default").retry) == 0
    assert_sound(store, "payments", "default")
    assert len(others) > 1_000
    assert len(re.findall(r"worker\.ended .*killed by SIGKILL", runner.log)) == 20
    runner.signal(signal.SIGTERM)
    runner.wait()


def test_capsule_of_two_threads_is_not_serial(start, store):
    """What the tests of serial capsules look for is seen where it happens."""
    push(store, "AloneJob", [[number, 0.2] for number in range(10)], "payments")
    runner = start("--capsule", "payments:2")

    wait_until(lambda: alone_ended(runner) == 10)

    assert [note for note in runner.notes if note.startswith("overlap")]
    assert runner.stop() == 0


def test_coroutines_of_a_serial_capsule_run_one_at_a_time_too(start, store):
    for number in range(20):
        job_class = "AsyncAloneJob" if number % 2 else "AloneJob"
        push(store, job_class, [[number, 0.02]], "payments")
    runner = start("--capsule", "payments:1")

    wait_until(lambda: len(numbers(runner, "alone ")) == 20)

    assert [note for note in runner.notes if note.startswith("overlap")] == []
    assert runner.stop() == 0


def test_burst_ends_when_no_capsule_has_anything_left(start, store):
    """Jobs of one capsule enqueue into another whose workers had ended already."""
    push(store, "RelayJob", [["a", "b", "a", "b", "c"]], "c")
    runner = start("--burst", "--capsule", "a:1", "--capsule", "b:2", "--capsule", "c:1")

    assert runner.wait() == 0

    assert runner.notes == [f"relay {queue}" for queue in "cababc"]


def test_restart_of_a_serial_capsule_in_a_burst_leaves_nothing(start, store):
    push(store, "AloneJob", [[number, 0.05] for number in range(30)], "payments")
    runner = start("--burst", "--capsule", "payments:1")
    wait_until(lambda: alone_ended(runner) > 2)

    runner.signal(signal.SIGHUP)

    assert runner.wait() == 0
    assert numbers(runner, "alone ") == list(range(30))


def test_jobs_of_a_killed_capsule_go_on_in_it_alone(start, store):
    (job_id,) = push(store, "FatalJob", [[]], "payments")
    runner = start("--capsule", "payments:1", "--capsule", "default:2")

    runner.wait_for("killed by SIGKILL", 3, timeout=40)
    wait_until(lambda: place_of(store, job_id, "payments") == "dead", 20)

    ended = client_of(store).zcard(store.keys("default").ended)
    assert ended == 0
    assert runner.stop() == 0


@pytest.mark.slow
def test_limited_queue_is_serial_in_all_workers_whoever_is_killed(start, store, assert_sound):
    """One supervisor is killed while its worker has a job.

    Another goes on, and a third comes at once.
    """
    store.sets.limit("payments", 1)
    for number in range(80):
        push(store, "AsyncAloneJob" if number % 2 else "AloneJob", [[number, 0.05]], "payments")
    options = ("-q", "payments", "-c", "3", "-p", "2")
    first, second = start(*options), start(*options)

    wait_until(lambda: alone_ended(first) > 10)
    os.kill(first.pid, signal.SIGKILL)
    third = start(*options)
    for runner in (second, third, second):
        seen = alone_ended(first)
        wait_until(lambda seen=seen: alone_ended(first) > seen + 5, 30)
        runner.wait_for("worker.started", 2)
        os.kill(runner.children()[-1], signal.SIGKILL)
        runner.signal(signal.SIGHUP)
    wait_until(lambda: set(numbers(first, "alone ")) == set(range(80)), 60)

    assert [note for note in first.notes if note.startswith("overlap")] == []
    wait_until(lambda: client_of(store).hlen(store.keys("payments").payloads) == 0)
    assert_sound(store, "payments")
    assert second.stop() == third.stop() == 0
