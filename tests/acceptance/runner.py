"""Starts `runjobs` as its users do.

Watches it from outside, and ends only what it started.
"""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import redis

from jobs.ids import new_job_id
from jobs.payload import Payload
from jobs.store import NewJob, Store
from tests.jobs.worker.made_jobs import SETS, client_of
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


#: How long processes may take to begin, to do what they have and to end, in seconds. On a busy
#: machine a worker begins after more than ten.
PATIENCE = 40.0


class Runner:
    """One `runjobs` with its children.

    `log` is all it wrote to standard error.
    """

    def __init__(self, folder: Path, redis_url: str, *options: str, **environment: str) -> None:
        """Start it.

        The notes of its jobs go to a file in the folder.
        """
        self.notes_path = folder / "notes"
        self._log_path = folder / f"log-{new_job_id()}"
        variables = {
            "DJANGO_SETTINGS_MODULE": "tests.acceptance.settings",
            "JOBS_REDIS_URL": redis_url,
            "TEST_NOTES": str(self.notes_path),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }
        command = [sys.executable, "-m", "django", "runjobs", *options]
        with self._log_path.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, **variables, **environment},
                stdin=subprocess.DEVNULL,
                stderr=log,
            )
        self.pid = self.process.pid

    @property
    def log(self) -> str:
        """Return what was written so far."""
        return self._log_path.read_text()

    @property
    def notes(self) -> list[str]:
        """Return the lines that jobs wrote so far."""
        return self.notes_path.read_text().split("\n")[:-1] if self.notes_path.exists() else []

    def children(self) -> list[int]:
        """Return the pids of the worker processes that live, oldest first."""
        started = [int(pid) for pid in re.findall(r"worker\.started .*?child=(\d+)", self.log)]
        return [pid for pid in started if is_alive(pid)]

    def child(self) -> int:
        """Return the pid of the only worker process.

        It may have begun a job before its start was logged.
        """
        self.wait_for("worker.started")
        (pid,) = self.children()
        return pid

    def wait_for(self, text: str, count: int = 1, timeout: float = PATIENCE) -> None:
        """Return when the log contains a text so many times."""
        wait_until(
            lambda: self.log.count(text) >= count,
            timeout,
            f"{text!r} was not logged {count} times: {self.log}",
        )

    def wait_for_notes(self, count: int, timeout: float = PATIENCE) -> None:
        """Return when jobs have written so many lines."""
        wait_until(lambda: len(self.notes) >= count, timeout, f"fewer than {count} notes")

    def wait_until_drained(self, store: Store, timeout: float = PATIENCE) -> None:
        """Return when the queue has no job left.

        If that takes too long, show what is left.
        """
        try:
            wait_until(lambda: is_drained(store), timeout)
        except AssertionError as error:
            keys, client = store.keys("default"), client_of(store)
            state = {name: client.zcard(getattr(keys, name)) for name in SETS}
            leases = client.zrange(keys.leases, 0, -1)
            left = f"{state} running={client.hgetall(keys.running)} leases={leases}"
            lines = "\n".join(line for line in self.log.splitlines() if "job.done" not in line)
            raise AssertionError(f"{error}: {left}\n{lines}") from error

    def open_gate(self) -> None:
        """Let every GateJob and GilJob end."""
        Path(f"{self.notes_path}.gate").touch()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the supervisor."""
        os.kill(self.pid, number)

    def wait(self, timeout: float = PATIENCE) -> int:
        """Return the exit code."""
        return self.process.wait(timeout)

    def stop(self) -> int:
        """Stop in good order and return the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill_all(self) -> None:
        """Kill the supervisor and its children, whatever still lives.

        All at once, as a power failure does.
        """
        children = self.children()
        for pid in [self.pid] if self.process.poll() is None else []:
            os.kill(pid, signal.SIGKILL)
        for pid in children:
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


def is_alive(pid: int) -> bool:
    """Tell whether a process lives.

    One that only waits to be reaped does not.
    """
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def is_drained(store: Store) -> bool:
    """Tell whether the queue has no job left.

    While Redis is away, the answer is no.
    """
    try:
        return client_of(store).hlen(store.keys("default").payloads) == 0
    except (redis.ConnectionError, redis.TimeoutError):
        return False


def push(
    store: Store,
    job_class: str,
    arguments: list[list],
    queue: str = "default",
    due: str = "+0",
    **fields,
) -> list[str]:
    """Push one job for each list of arguments.

    The class is one of `tests/acceptance/jobs.py`. Returns the ids of the jobs.
    """
    payloads = [
        Payload(0, new_job_id(), f"acceptance.{job_class}", queue, args=args, **fields)
        for args in arguments
    ]
    jobs = [NewJob(payload.id, payload.encode(), 0, due) for payload in payloads]
    for start in range(0, len(jobs), 500):
        store.intake.push(queue, jobs[start : start + 500])
    return [payload.id for payload in payloads]
