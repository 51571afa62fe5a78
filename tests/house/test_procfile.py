"""The runner of Procfile.dev.

It prefixes the output. It stops in order and leaves no process behind.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import procfile
import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNNER = """
import asyncio, sys, procfile

async def ready(name):
    pass

async def main():
    lines = procfile.read(procfile.Path(sys.argv[1]))
    return await procfile.Terminal("runner", 60).run(lines, ready)

sys.exit(asyncio.run(main()))
"""
#: Says that it is up, and on SIGTERM that it stops.
POLITE = (
    f"{sys.executable} -c 'import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [15]); "
    """print("up", flush=True); signal.sigwait([15]); print("bye")'"""
)
#: Does not mind a SIGTERM.
STUBBORN = "sh -c 'trap : TERM; echo up; while :; do sleep 600; done'"
PARENT = "sh -c 'sleep 600 & echo child $!; wait'"


@pytest.fixture
def start(tmp_path):
    started = []

    def start(text):
        (tmp_path / "Procfile").write_text(text)
        runner = subprocess.Popen(
            [sys.executable, "-c", RUNNER, tmp_path / "Procfile"],
            env=os.environ | {"PYTHONPATH": str(ROOT / "bin")},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(runner)
        return runner

    yield start
    for runner in started:
        runner.kill()
        runner.wait()
        runner.stdout.close()


def lines_until(runner, wanted):
    lines = []
    for line in runner.stdout:
        lines.append(line.rstrip())
        if all(any(text in said for said in lines) for text in wanted):
            return lines
    raise AssertionError(f"It ended and said only {lines}")


def test_procfile_is_read_in_order_without_its_comments(tmp_path):
    (tmp_path / "Procfile").write_text("# the shop\nredis: devredis --port $PORT\n\nweb: run a:b\n")

    assert list(procfile.read(tmp_path / "Procfile").items()) == [
        ("redis", "devredis --port $PORT"),
        ("web", "run a:b"),
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_the_first_process_last(start, number):
    runner = start(f"redis: {POLITE}\nweb: {POLITE}\n")
    lines_until(runner, ["redis  | up", "web    | up"])

    runner.send_signal(number)
    rest = runner.communicate()[0].splitlines()

    assert rest == ["[runner] Stopping; once more Ctrl-C to kill.", "web    | bye", "redis  | bye"]
    assert runner.returncode == 128 + number


def test_end_of_one_process_stops_the_others(start):
    runner = start(f"redis: {POLITE}\nweb: sh -c 'exit 3'\n")

    rest = runner.communicate(timeout=30)[0].splitlines()

    assert "[runner] web ended with exit code 3: stopping the others." in rest
    assert runner.returncode == 3


def test_second_signal_kills_what_does_not_stop(start):
    runner = start(f"redis: {STUBBORN}\n")
    lines_until(runner, ["redis  | up"])

    runner.send_signal(signal.SIGINT)
    lines_until(runner, ["Stopping"])
    runner.send_signal(signal.SIGINT)
    runner.communicate(timeout=30)

    assert runner.returncode == 128 + signal.SIGINT


def test_children_of_a_process_do_not_outlive_it(start):
    runner = start(f"web: {PARENT}\n")
    child = int(lines_until(runner, ["child"])[-1].split()[-1])

    runner.terminate()
    runner.communicate(timeout=30)

    assert not is_running(child)


def is_running(pid):
    """Tell whether a process exists and is no zombie.

    A zombie only waits for its parent.
    """
    found = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return bool(found.strip()) and not found.startswith("Z")
