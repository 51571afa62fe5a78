"""Starts `runjobs` from a process that has loaded Django already.

So the drills get a real tree of processes in milliseconds, hundreds of times. `Nursery` is the side
of the drill; this module run as a program is the process that forks, one worker at a time. When the
drill ends, however it ends, so does everything started here.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmarks.chaos.runs import VARIABLE

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Order:
    """What to run.

    `settings` are keys of JOBS, over those of `tests.faults.settings`. `modules` define more jobs.
    They read what they need to know from the `environment`. `clock_ahead`: by how many seconds the
    clock of this machine is wrong.
    """

    settings: dict[str, Any]
    notes: str
    log: str
    modules: Sequence[str] = ()
    environment: dict[str, str] = field(default_factory=dict)
    clock_ahead: float = 0.0


class Nursery:
    """The process that forks workers, seen by who asks for them.

    `environment` is what all of them have in common.
    """

    def __init__(self, environment: Mapping[str, str] = MappingProxyType({})) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.faults.settings", **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, order: Order) -> int:
        """Start `runjobs` and return its process id."""
        return self._ask("start", asdict(order))

    def stop(self, pid: int, patience: float) -> int:
        """Send TERM and return the exit code.

        After so many seconds the whole tree is killed.
        """
        os.kill(pid, signal.SIGTERM)
        return self._ask("wait", {"pid": pid, "patience": patience})

    def close(self) -> None:
        """End it, and all that it started."""
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def _ask(self, what: str, argument: dict[str, Any]) -> int:
        self._process.stdin.write(json.dumps([what, argument]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("The process that starts workers has ended; it says why above.")
        return int(answer)


def stand_alone() -> None:
    """Prepare a process that runs a drill and no tests.

    It enqueues with the settings of the drills. That it is cut off is no news.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.faults.settings")
    logging.getLogger("jobs").setLevel(logging.CRITICAL)


def main() -> None:
    """Do what is asked until there is no more to come."""
    import django  # noqa: PLC0415  # this side alone needs it

    django.setup()
    started: set[int] = set()
    try:
        for line in sys.stdin:
            what, argument = json.loads(line)
            if what == "start":
                answer = _fork(Order(**argument))
                started.add(answer)
            else:
                answer = _wait(argument["pid"], argument["patience"])
                started.discard(argument["pid"])
            sys.stdout.write(f"{answer}\n")
            sys.stdout.flush()
    finally:
        for pid in started:
            _kill_group(pid)


def _fork(order: Order) -> int:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            _be_runjobs(order)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:  # noqa: BLE001  # this process must not go on as its parent
            traceback.print_exc()
        finally:
            os._exit(code)
    return pid


def _be_runjobs(order: Order) -> None:
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.test import override_settings  # noqa: PLC0415

    os.setsid()  # a group of its own, to be killed as one
    log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ |= {**order.environment, VARIABLE: order.notes}
    _set_clock(order.clock_ahead)
    for module in order.modules:
        import_module(module)
    override_settings(JOBS={**settings.JOBS, **order.settings}).enable()
    call_command("runjobs")


def _set_clock(ahead: float) -> None:
    """Put the clock of this process and its children wrong."""
    right = time.time
    if ahead:
        time.time = lambda: right() + ahead


def _wait(pid: int, patience: float) -> int:
    """Return the exit code, or minus the signal."""

    def give_up(number: int, frame: object) -> None:
        _kill_group(pid)

    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, patience)
    _, status = os.waitpid(pid, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    _kill_group(pid)  # a child that outlived its supervisor
    return os.waitstatus_to_exitcode(status)


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
