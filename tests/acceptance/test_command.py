"""The command from outside: options, signals, log lines."""

import json
import os
import signal
from pathlib import Path

import pytest

from jobs import control, inspect
from tests.acceptance.runner import is_alive, push
from tests.jobs.worker.made_jobs import client_of, place_of
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis]


def test_burst_ends_when_nothing_is_left(start, store, assert_sound):
    push(store, "NoteJob", [[number] for number in range(100)])

    runner = start("--burst", "-p", "2")

    assert runner.wait() == 0
    assert sorted(int(note) for note in runner.notes) == list(range(100))
    assert runner.log.count("worker.started") == 2
    assert_sound()


def test_quiet_worker_ends_what_it_has_and_takes_no_more(start, store):
    (begun,) = push(store, "GateJob", [[1]])
    runner = start()
    runner.wait_for_notes(1)

    runner.signal(signal.SIGTSTP)
    runner.wait_for("worker.quiet")
    (later,) = push(store, "NoteJob", [[2]])
    runner.open_gate()

    wait_until(lambda: place_of(store, begun) is None)
    assert place_of(store, later) == "ready"
    assert runner.stop() == 0


def test_quiet_workers_take_jobs_again_and_are_replaced_again(start, store, assert_sound):
    runner = start("-p", "2")
    wait_until(lambda: len(inspect.workers()) == 2, timeout=40)
    names = [worker.name for worker in inspect.workers()]
    runner.signal(signal.SIGTSTP)
    runner.wait_for("worker.quiet", 2)
    push(store, "NoteJob", [[1]])

    control.unquiet(names[0])
    runner.wait_for("worker.unquiet")
    runner.wait_for_notes(1)
    for child in runner.children():
        os.kill(child, signal.SIGKILL)

    runner.wait_for("worker.started", 4)
    push(store, "NoteJob", [[2]])
    runner.wait_for_notes(2)
    assert runner.stop() == 0
    assert_sound()


def test_stacks_show_what_each_thread_is_doing(start, store):
    (job_id,) = push(store, "GateJob", [[1]])
    runner = start()
    runner.wait_for_notes(1)

    runner.signal(signal.SIGTTIN)

    runner.wait_for(f"job={job_id} queue=default")
    runner.wait_for("in is_gate_open" if "in is_gate_open" in runner.log else "in perform")
    runner.open_gate()
    assert runner.stop() == 0


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR2])
def test_children_are_replaced_one_by_one_under_load(start, store, assert_sound, number):
    push(store, "NoteJob", [[number] for number in range(1500)])
    runner = start("-p", "2")
    runner.wait_for_notes(100)
    runner.wait_for("worker.started", 2)
    before = runner.children()

    runner.signal(number)
    wait_until(lambda: not any(is_alive(pid) for pid in before), timeout=40)
    runner.wait_for("worker.started", 4)
    runner.wait_until_drained(store)

    assert sorted(int(note) for note in runner.notes) == list(range(1500))
    assert len(runner.children()) == 2
    assert_sound()
    assert runner.stop() == 0


def test_log_lines_are_json_if_asked(start, store):
    (job_id,) = push(store, "NoteJob", [[1]])
    runner = start("--log-format", "json", "--burst")

    assert runner.wait() == 0

    lines = [
        json.loads(line) for line in runner.log.splitlines() if not line.startswith("Warning: ")
    ]
    (done,) = [line for line in lines if line["event"] == "job.done"]
    assert (done["class"], done["id"], done["queue"], done["attempt"]) == (
        "acceptance.NoteJob",
        job_id,
        "default",
        1,
    )
    assert {"worker.started", "worker.ended"} <= {line["event"] for line in lines}


@pytest.mark.slow
def test_changed_code_restarts_the_worker(start, store, tmp_path):
    settings = tmp_path / "changing_settings.py"
    settings.write_text("from tests.acceptance.settings import *\n")
    runner = start("--reload", DJANGO_SETTINGS_MODULE="changing_settings")
    runner.wait_for("worker.started")
    old = runner.child()

    settings.write_text("from tests.acceptance.settings import *\n# changed\n")
    os.utime(settings, (2_000_000_000, 2_000_000_000))

    runner.wait_for("worker.started", 2)
    wait_until(lambda: not is_alive(old))
    push(store, "NoteJob", [[1]])
    runner.wait_for_notes(1)
    new = runner.child()
    runner.signal(signal.SIGTERM)
    assert runner.wait() == 0
    wait_until(lambda: not is_alive(new))


@pytest.mark.parametrize(
    ("options", "environment", "sentence"),
    [
        (["-q", "no name"], {}, "'no name' is no queue"),
        (["-c", "many"], {}, "--concurrency must be a number, not 'many'."),
        ([], {"JOBS_CONCURRENCY": "0"}, "JOBS_CONCURRENCY must be a number of at least 1, not 0."),
    ],
)
def test_wrong_value_ends_the_command_with_one_sentence(start, options, environment, sentence):
    runner = start(*options, **environment)

    assert runner.wait() == 1
    assert sentence in runner.log
    assert runner.log.count("\n") == 1


def test_children_are_named_after_their_supervisor(start, store):
    runner = start("-p", "2")
    wait_until(lambda: client_of(store).zcard(store.shared.workers) == 2, timeout=40)

    names = [name.decode() for name in client_of(store).zrange(store.shared.workers, 0, -1)]

    assert all(f":{runner.pid}:" in name for name in names)
    assert Path(f"/proc/{runner.pid}").exists()
    assert runner.stop() == 0
    assert client_of(store).zcard(store.shared.workers) == 0
