"""Limits of time and memory: a process that is beyond them is replaced."""

import os
import re
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance.runner import is_alive, push
from tests.jobs.worker.made_jobs import client_of, payload_of, place_of
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis]

LIMIT, GRACE = 1.0, 1.0
#: How long a process that hangs may take to end, in seconds, and when its successor has begun all
#: the same.
TIMEOUT = 10
SUCCEEDED_BY = LIMIT + GRACE + TIMEOUT - 0.5
#: How often the leaking job runs. It keeps 2 MB each time.
LEAKS = int(os.environ.get("TEST_LEAKS", "300"))


@pytest.fixture(autouse=True)
def untraced_workers(monkeypatch) -> None:
    """Measure no coverage in the workers.

    CPython 3.11 goes round without end in a traced thread, while an exception waits for a thread
    that hangs in C code.
    """
    for name in ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"):
        monkeypatch.delenv(name, raising=False)


def wait_for_successor(runner, first: int, within: float, since: float) -> None:
    runner.wait_for("worker.started", 2)
    assert time.monotonic() - since < within
    assert any(pid != first for pid in runner.children())


@pytest.mark.parametrize("holds_gil", [False, True], ids=["without the GIL", "with the GIL"])
def test_process_of_a_job_that_hangs_in_c_code_is_replaced(start, store, assert_sound, holds_gil):
    push(store, "SlowJob", [[7, 3.0]])
    runner = start("-t", str(TIMEOUT))
    runner.wait_for_notes(1)
    first = runner.child()
    (stuck,) = push(store, "StuckJob", [[1, holds_gil]])
    runner.wait_for_notes(2)
    since = float(runner.notes[1].split()[2])

    wait_for_successor(runner, first, SUCCEEDED_BY, since)
    assert place_of(store, stuck) == "running" or not is_alive(first)
    push(store, "NoteJob", [[42]])
    wait_until(lambda: "42" in runner.notes)
    wait_until(lambda: not is_alive(first), timeout=40)
    wait_until(lambda: place_of(store, stuck) == "retry")

    payload = payload_of(store, stuck)
    assert (payload.failures, payload.crashes, payload.interruptions) == (1, 0, 0)
    (error,) = payload.errors
    assert error["class"] == "jobs.errors.TimeLimitExceeded"
    assert "in hang_in_c_code" in error["traceback"]
    assert "limited_jobs.py" in error["traceback"]
    assert payload.overrun == {}
    assert f"worker.replaced worker={error['worker']} why=overdue" in runner.log
    assert runner.notes.count("failed 1 TimeLimitExceeded") == 1
    wait_until(lambda: client_of(store).hlen(store.keys("default").payloads) == 1)
    # It ran once. Its neighbour was ended in its own time, or ran again where it could not.
    assert len([note for note in runner.notes if note.startswith("begin 1")]) == 1
    assert runner.notes.count("end 7") == 1
    assert runner.notes.count("begin 7") == (2 if holds_gil else 1)
    assert_sound()


def test_job_that_hangs_keeps_its_lease_and_its_place_until_its_process_is_gone(
    start, store, assert_sound
):
    (stuck,) = push(store, "StuckJob", [[1, True]])
    runner = start("-t", "8")
    runner.wait_for("worker.replaced")
    first = min(runner.children())

    while is_alive(first):
        place = place_of(store, stuck)
        assert place == "running" or not is_alive(first)
        time.sleep(0.02)

    runner.wait_for("how=killed by SIGKILL")
    wait_until(lambda: place_of(store, stuck) == "retry")
    assert len([note for note in runner.notes if note.startswith("begin")]) == 1
    assert_sound()


def test_job_that_hangs_at_a_stop_is_failed_by_its_limit(start, store, assert_sound):
    (stuck,) = push(store, "StuckJob", [[1, False]])
    runner = start("-t", "3")
    runner.wait_for_notes(1)
    time.sleep(LIMIT + GRACE)

    assert runner.stop() == 0

    assert payload_of(store, stuck).overrun
    runner.open_gate()
    start()
    wait_until(lambda: place_of(store, stuck) == "retry")
    assert payload_of(store, stuck).failures == 1
    assert_sound()


def test_job_that_hangs_when_its_supervisor_dies_is_failed_by_its_limit(start, store, assert_sound):
    (stuck,) = push(store, "StuckJob", [[1, False]])
    runner = start("-t", "20")
    runner.wait_for_notes(1)
    before = runner.children()

    runner.signal(signal.SIGKILL)

    wait_until(lambda: not any(map(is_alive, before)))
    start()
    wait_until(lambda: place_of(store, stuck) == "retry")
    assert payload_of(store, stuck).failures == 1
    assert len([note for note in runner.notes if note.startswith("begin")]) == 1
    assert_sound()


@pytest.mark.slow
def test_jobs_that_hang_again_and_again_cost_no_other_job_anything(start, store, assert_sound):
    numbers = range(600)
    push(store, "NoteJob", [[number] for number in numbers[:300]])
    stuck = push(store, "StuckJob", [[-number, False] for number in range(1, 7)])
    push(store, "NoteJob", [[number] for number in numbers[300:]])
    runner = start("-p", "2", "-c", "3")

    wait_until(lambda: {place_of(store, job_id) for job_id in stuck} == {"retry"}, 60)
    wait_until(lambda: client_of(store).hlen(store.keys("default").payloads) == len(stuck))
    wait_until(lambda: len(runner.children()) == 2)

    done = Counter(note for note in runner.notes if note.isdigit())
    assert done == dict.fromkeys(map(str, numbers), 1)
    begun = Counter(note.split()[1] for note in runner.notes if note.startswith("begin"))
    assert begun == {str(-number): 1 for number in range(1, 7)}
    assert [payload_of(store, job_id).failures for job_id in stuck] == [1] * 6
    assert runner.stop() == 0
    assert_sound()


def test_coroutine_that_goes_on_is_ended_with_its_process(start, store, assert_sound):
    (stuck,) = push(store, "StubbornCoroutine", [[60]])
    runner = start("-t", str(TIMEOUT))
    runner.wait_for_notes(1)
    since = float(runner.notes[0].split()[1])

    wait_for_successor(runner, runner.children()[0], SUCCEEDED_BY, since)
    wait_until(lambda: place_of(store, stuck) == "dead", timeout=40)

    assert "cancelled" in runner.notes
    assert payload_of(store, stuck).errors[0]["class"] == "jobs.errors.TimeLimitExceeded"
    assert len([note for note in runner.notes if note.startswith("begin")]) == 1
    assert_sound()


def test_coroutine_that_waits_for_a_thread_that_hangs_is_ended_with_its_process(
    start, store, assert_sound
):
    (stuck,) = push(store, "StuckThreadCoroutine", [[1]])
    runner = start("-t", str(TIMEOUT))
    runner.wait_for_notes(1)
    since = float(runner.notes[0].split()[2])

    wait_for_successor(runner, runner.children()[0], SUCCEEDED_BY, since)
    wait_until(lambda: place_of(store, stuck) == "dead", timeout=40)
    runner.open_gate()
    push(store, "StuckThreadCoroutine", [[2]])

    wait_until(lambda: "end 2" in runner.notes)
    assert payload_of(store, stuck).errors[0]["class"] == "jobs.errors.TimeLimitExceeded"
    assert "end 1" not in runner.notes
    assert_sound()


def tree_memory(runner) -> int:
    """Return the memory of a supervisor and its workers, in MB.

    What several share counts once.
    """
    return sum(map(proportional_memory, [runner.pid, *runner.children()])) // 1024


def proportional_memory(pid: int) -> int:
    """Return the share of a process in kB, 0 when it is gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(map(int, re.findall(r"^Pss:\s+(\d+)", text, re.MULTILINE)))


@pytest.mark.parametrize("limits", [{"TEST_MAX_MEMORY_MB": "150"}, {"TEST_MAX_JOBS": "40"}])
def test_worn_process_is_replaced_without_an_interruption(start, store, assert_sound, limits):
    ids = push(store, "LeakingJob", [[number] for number in range(LEAKS)])
    runner = start("-c", "2", **limits)
    trees: list[int] = []

    def have_run():
        trees.append(tree_memory(runner))
        return len(runner.notes) >= LEAKS

    wait_until(have_run, 30 + LEAKS / 5)
    runner.wait_until_drained(store)

    runs = [[int(part) for part in note.split()] for note in runner.notes]
    assert Counter(number for number, _, _ in runs) == dict.fromkeys(range(len(ids)), 1)
    assert len({pid for _, pid, _ in runs}) >= 4
    assert max(memory for _, _, memory in runs) < 300
    # A process and its successor, and no more: 600 MB have leaked in all.
    assert max(trees) < 500, f"{max(trees)} MB"
    why = "memory" if "TEST_MAX_MEMORY_MB" in limits else "jobs"
    assert len(re.findall(rf"worker\.replaced .*why={why}", runner.log)) >= 3
    for word in ("job.interrupted", "worker.recovered", "is_crash=True", "SIGKILL"):
        assert word not in runner.log
    wait_until(lambda: len(runner.children()) == 1)
    assert runner.stop() == 0
    assert_sound()


def test_worn_process_waits_for_its_long_job_beside_its_successor(start, store, assert_sound):
    push(store, "GateJob", [[1]])
    runner = start("-c", "2", TEST_MAX_JOBS="5")
    runner.wait_for_notes(1)
    first = runner.child()
    push(store, "NoteJob", [[number] for number in range(4)])

    runner.wait_for("worker.started", 2)
    push(store, "NoteJob", [[9]])
    wait_until(lambda: "9" in runner.notes)
    assert is_alive(first)
    runner.open_gate()

    wait_until(lambda: not is_alive(first))
    runner.wait_until_drained(store)
    assert runner.notes.count("begin 1") == runner.notes.count("end 1") == 1
    assert_sound()


def test_restart_ends_also_a_process_that_has_a_successor(start, store, assert_sound):
    push(store, "GateJob", [[1]])
    runner = start("-c", "2", "-t", "2", TEST_MAX_JOBS="3")
    runner.wait_for_notes(1)
    push(store, "NoteJob", [[number] for number in range(2)])
    runner.wait_for("worker.started", 2)
    before = runner.children()

    runner.signal(signal.SIGHUP)

    wait_until(lambda: not any(map(is_alive, before)))
    wait_until(lambda: len(runner.children()) == 1)
    runner.open_gate()
    runner.wait_until_drained(store)
    assert_sound()


def test_memory_limit_that_a_process_begins_with_is_not_heeded(start, store):
    runner = start(TEST_MAX_MEMORY_MB="1")
    runner.wait_for("worker.memory_limit_too_low")
    first = runner.child()

    push(store, "NoteJob", [[1]])
    runner.wait_until_drained(store)

    assert runner.children() == [first]
    assert "worker.replaced" not in runner.log
