"""`jobs.embed()` under a real web server: reloaded, stopped and killed."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.acceptance.runner import ROOT, is_alive, push
from tests.jobs.worker.made_jobs import client_of
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis]

#: Jobs whose end was not told yet when a process is killed: what two threads do in 50 ms is 10.
MOST_UNTOLD = 60


class Server:
    """One gunicorn with two workers, and what their jobs noted."""

    def __init__(self, folder, redis_url: str, *options: str, embed: str = "import") -> None:
        self.notes_path = folder / "notes"
        self._log_path = folder / "log"
        variables = {
            "DJANGO_SETTINGS_MODULE": "tests.acceptance.settings",
            "JOBS_REDIS_URL": redis_url,
            "TEST_NOTES": str(self.notes_path),
            "TEST_LEASE": "1.5",
            "TEST_EMBED": embed,
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }
        where = ["--workers", "2", "--bind", f"unix:{folder}/socket", "--chdir", str(folder)]
        command = [sys.executable, "-m", "gunicorn", *where, *options]
        with self._log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "tests.acceptance.embedding:application"],
                cwd=folder,
                env={**os.environ, **variables},
                stdin=subprocess.DEVNULL,
                stderr=log,
            )

    @property
    def log(self) -> str:
        return self._log_path.read_text()

    @property
    def numbers(self) -> list[int]:
        if not self.notes_path.exists():
            return []
        lines = self.notes_path.read_text().split("\n")[:-1]
        return sorted(int(line) for line in lines if line.isdecimal())

    def workers(self) -> list[int]:
        """Return the pids of the processes that live and run jobs, oldest first."""
        pids = re.findall(r"worker\.embedded worker=\S+ pid=(\d+)", self.log)
        return [int(pid) for pid in pids if is_alive(int(pid))]

    def wait_for(self, text: str, count: int = 1) -> None:
        wait_until(lambda: self.log.count(text) >= count, 15, self.log)

    def wait_for_notes(self, count: int) -> None:
        wait_until(lambda: len(self.numbers) >= count, 30, self.log)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.process.wait(20)

    def kill(self) -> None:
        """Kill whatever still lives."""
        children = self.workers()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pid in filter(is_alive, children):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def serve(tmp_path, redis_url) -> Iterator[Callable[..., Server]]:
    """Return a function that starts a server."""
    servers: list[Server] = []

    def serve(*options: str, **kinds: str) -> Server:
        servers.append(Server(tmp_path, redis_url, *options, **kinds))
        return servers[-1]

    yield serve
    for server in servers:
        server.kill()


@pytest.mark.slow
def test_each_job_runs_once_through_reloads_and_a_stop(serve, store, assert_sound):
    push(store, "NoteJob", [[number] for number in range(1500)])
    server = serve()
    server.wait_for_notes(100)
    for _ in range(2):
        wait_until(lambda: len(server.workers()) == 2)
        before, seen = server.workers(), len(server.numbers)
        server.signal(signal.SIGHUP)
        wait_until(lambda before=before: not any(map(is_alive, before)), 20)
        server.wait_for_notes(seen + 100)

    assert server.stop() == 0
    assert_sound()
    done = server.numbers
    assert len(done) == len(set(done))
    left = client_of(store).zcard(store.keys("default").ready)
    assert len(done) + left == 1500
    assert client_of(store).hlen(store.keys("default").running) == 0
    assert "worker.embedded_ended" in server.log
    again = serve()
    again.wait_for_notes(1500)
    assert again.stop() == 0
    assert again.numbers == list(range(1500))


@pytest.mark.slow
def test_jobs_of_a_server_process_that_is_killed_are_taken_up_by_another(
    serve, store, assert_sound
):
    push(store, "NoteJob", [[number] for number in range(1200)])
    server = serve()
    for hit in range(2):
        server.wait_for_notes(150 * (hit + 1))
        wait_until(lambda: len(server.workers()) == 2)
        os.kill(server.workers()[0], signal.SIGKILL)

    wait_until(lambda: set(server.numbers) == set(range(1200)), 40, server.log)

    wait_until(lambda: client_of(store).hlen(store.keys("default").payloads) == 0)
    assert len(server.numbers) - 1200 <= 2 * MOST_UNTOLD
    assert_sound()
    assert server.stop() == 0


def test_job_that_runs_at_a_stop_is_interrupted_and_goes_back_at_once(serve, store):
    push(store, "GateJob", [[1]])
    server = serve()
    wait_until(server.notes_path.exists)

    assert server.stop() == 0

    assert "end 1" not in server.notes_path.read_text()
    keys = store.keys("default")
    assert client_of(store).zcard(keys.ready) == 1
    assert client_of(store).zcard(keys.leases) == 0


@pytest.mark.slow
def test_code_that_changes_reloads_the_server_and_no_job_runs_twice(serve, store, tmp_path):
    code = tmp_path / "code.py"
    code.touch()
    push(store, "NoteJob", [[number] for number in range(600)])
    server = serve("--reload", "--reload-engine", "poll", "--reload-extra-file", str(code))
    server.wait_for_notes(50)
    before = server.workers()

    code.write_text("# changed")
    os.utime(code, (2**31, 2**31))

    wait_until(lambda: not any(map(is_alive, before)), 20, server.log)
    server.wait_for_notes(600)
    assert server.stop() == 0
    assert server.numbers == list(range(600))


def test_processes_of_a_server_that_loads_once_have_a_worker_each(serve, store):
    """The master loads the application, and each fork calls `embed` in `post_fork`."""
    server = serve("--preload", "--config", "python:tests.acceptance.embedding", embed="fork")
    wait_until(lambda: len(server.workers()) == 2, 15, server.log)
    assert server.process.pid not in server.workers()

    push(store, "NoteJob", [[number] for number in range(100)])
    server.wait_for_notes(100)

    assert server.stop() == 0
    assert server.numbers == list(range(100))
    assert server.log.count("worker.embedded_ended") == 2
