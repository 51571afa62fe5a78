"""What is measured: a checkout of this project, or Sidekiq.

A checkout has a Python of its own. Both do the same: run a client, run workers, and tell how many
jobs are left.
`measures.py` builds on these three.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from redis import Redis

from benchmarks.server import LONGEST, Server

HERE = Path(__file__).resolve().parent
SIDEKIQ = HERE / "sidekiq"
#: Ruby 3.1 would touch 256 MB at its start; its successors take 64 MB at most by themselves.
YJIT = ("--yjit", "--yjit-exec-mem-size=64")


@dataclass(frozen=True, slots=True)
class Crew:
    """What a worker is started with."""

    threads: int = 10
    processes: int = 1
    queues: Sequence[str] = ("bench",)


class Subject(Protocol):
    """What measurements ask of whoever is measured."""

    @property
    def name(self) -> str:
        """What it is called in tables."""

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of jobs that it knows."""

    def client(self, server: Server, what: str, **options: Any) -> dict[str, float]:
        """Run one of the commands of `client.py`, and return its figures.

        It runs in a process of its own.
        """

    def working(
        self, server: Server, folder: Path, crew: Crew
    ) -> contextlib.AbstractContextManager[Sequence[int]]:
        """Run workers, whose log goes to the folder.

        Gives the ids of the processes that were started.
        """

    def left(self, client: Redis, queue: str) -> int:
        """Return how many jobs are not done yet."""

    def version(self) -> str:
        """Return what it runs on, for the head of a table."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout of this project.

    The jobs and the client are those beside this file, whatever the checkout has.
    """

    name: str
    path: Path
    python: str = sys.executable
    kinds: frozenset[str] = frozenset(
        {"NoOpJob", "TextJob", "SleepJob", "CoroutineJob", "StampJob"}
    )

    def client(self, server: Server, what: str, **options: Any) -> dict[str, float]:
        """Run `client.py` with the library of this checkout."""
        with self.stage() as stage:
            return figures(self.command(what, options), stage, self.environment(server))

    def command(self, what: str, options: Mapping[str, Any]) -> list[str]:
        """Return the command that runs the client.

        It runs on the stage and in the environment below.
        """
        return [self.python, "-m", "benchmarks.client", what, json.dumps(options)]

    @contextlib.contextmanager
    def working(self, server: Server, folder: Path, crew: Crew) -> Iterator[Sequence[int]]:
        """Run `runjobs`."""
        command = [self.python, "-m", "django", "runjobs", "-t", "5"]
        command += ["-c", str(crew.threads), "-p", str(crew.processes)]
        command += [part for queue in crew.queues for part in ("-q", queue)]
        log = folder / "worker.log"
        with self.stage() as stage, running([command], log, stage, self.environment(server)) as p:
            yield p

    def left(self, client: Redis, queue: str) -> int:
        """Count the payloads: a job that is done has none."""
        return int(client.hlen(f"{{bench:{queue}}}:payloads"))

    def environment(self, server: Server) -> dict[str, str]:
        """Return the variables by which its processes find the library, the settings and Redis."""
        return {
            "PYTHONPATH": str(self.path),
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "JOBS_REDIS_URL": server.url,
        }

    def version(self) -> str:
        """Return the version of its Python."""
        told = subprocess.run([self.python, "-V"], capture_output=True, text=True, check=True)
        return told.stdout.strip()

    @contextlib.contextmanager
    def stage(self) -> Iterator[Path]:
        """Make a folder in which `benchmarks` is this one."""
        with tempfile.TemporaryDirectory(prefix="makeitso-stage-") as name:
            (Path(name) / "benchmarks").symlink_to(HERE)
            yield Path(name)


@dataclass(frozen=True, slots=True)
class Sidekiq:
    """Sidekiq, with its gems in `gems/` of a folder, on a ruby with YJIT."""

    folder: Path
    ruby: str = "ruby"
    name: str = "Sidekiq"
    kinds: frozenset[str] = frozenset({"NoOpJob", "SleepJob", "StampJob"})
    _paths: list[str] = field(init=False)

    def __post_init__(self) -> None:
        """Install the gem if it is not there.

        Raise RuntimeError, with the reason, when that cannot be done.
        """
        environment = {**os.environ, "RUBY": self.ruby}
        command = [str(SIDEKIQ / "install.sh"), str(self.folder)]
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if told.returncode:
            raise RuntimeError(told.stderr.strip())
        paths = sorted(str(path) for path in self.folder.glob("gems/*/lib"))
        object.__setattr__(self, "_paths", [part for path in paths for part in ("-I", path)])

    def client(self, server: Server, what: str, **options: Any) -> dict[str, float]:
        """Run `sidekiq/client.rb`."""
        command = [*self._ruby(), str(SIDEKIQ / "client.rb"), what, json.dumps(options)]
        return figures(command, self.folder, {"REDIS_URL": server.url})

    @contextlib.contextmanager
    def working(self, server: Server, folder: Path, crew: Crew) -> Iterator[Sequence[int]]:
        """Run as many `sidekiq` as there are to be processes."""
        script = next(self.folder.glob("gems/sidekiq-*/bin/sidekiq"))
        command = [*self._ruby(), str(script), "-r", str(SIDEKIQ / "jobs.rb"), "-t", "5"]
        command += ["-c", str(crew.threads)]
        command += [part for queue in crew.queues for part in ("-q", queue)]
        environment = {"REDIS_URL": server.url}
        commands, log = [command] * crew.processes, folder / "worker.log"
        with running(commands, log, self.folder, environment) as processes:
            yield processes

    def left(self, client: Redis, queue: str) -> int:
        """Count what waits: Sidekiq keeps no record of what runs."""
        return int(client.llen(f"queue:{queue}"))

    def version(self) -> str:
        """Return the versions of Sidekiq and ruby."""
        told = subprocess.run(
            [*self._ruby(), "-e", "require 'sidekiq'; puts Sidekiq::VERSION, RUBY_DESCRIPTION"],
            capture_output=True,
            text=True,
            check=True,
        )
        sidekiq, ruby = told.stdout.splitlines()
        return f"Sidekiq {sidekiq}, {' '.join(ruby.split()[:2])}{' YJIT' * ('YJIT' in ruby)}"

    def _ruby(self) -> list[str]:
        return [self.ruby, *YJIT, *self._paths]


def figures(command: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> dict[str, float]:
    """Run a client and return what it printed last.

    Raise RuntimeError with its complaint when it fails.
    """
    told = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )
    if told.returncode:
        raise RuntimeError(told.stderr.strip()[-2000:])
    lines = [line for line in told.stdout.splitlines() if line.startswith("{")]
    answer: dict[str, float] = json.loads(lines[-1])
    return answer


@contextlib.contextmanager
def running(
    commands: Sequence[Sequence[str]], log: Path, cwd: Path, environment: Mapping[str, str]
) -> Iterator[Sequence[int]]:
    """Run processes, and have them stop in good order at the end.

    Their output goes to a file.
    """
    with log.open("w") as output:
        processes = [
            subprocess.Popen(
                command, cwd=cwd, env={**os.environ, **environment}, stdout=output, stderr=output
            )
            for command in commands
        ]
        try:
            yield [process.pid for process in processes]
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()
