"""Put four backends of Django's tasks side by side: `python ci/task_backends.py [--check]`.

Each is asked the same, in a process of its own (`task_questions`). The table in docs/tasks.md is
written from the answers, and with `--check` they are only compared. `bin/ci tasks` does that.

django-tasks-db comes from PyPI, and is kept in `.dev/`. Exit code 3: it could not be fetched.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "tasks.md"
NOT_FETCHED = 3
DB_VERSION = "0.13.0"
#: pip refuses another file of this name.
DB_HASH = "a3a47250b09d40e9b289851d2a550d840d29e59ee3e7115129831e291bb35576"

BEGIN, END = "<!-- backends: begin -->", "<!-- backends: end -->"
NAMES = {
    "immediate": "immediate",
    "dummy": "dummy",
    "db": "django-tasks-db",
    "ours": "`JobsBackend`",
}
#: What is said where a backend does as ours.
SAME = "the same"


def main() -> int:
    """Ask all, and write the table or compare it. Return the exit code."""
    if django.VERSION < (6,):
        print(f"Django {django.__version__} has no tasks: run this on Django 6.", file=sys.stderr)
        return 2
    folder = ROOT / ".dev" / f"django-tasks-db-{DB_VERSION}"
    if not folder.is_dir() and not fetch(folder):
        return NOT_FETCHED
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    wanted = f"{before}{BEGIN}\n{table(answers_of_all(folder))}{END}{rest.partition(END)[2]}"
    if "--check" not in sys.argv:
        PAGE.write_text(wanted)
        return 0
    if text == wanted:
        print("The four backends do what docs/tasks.md says.")
        return 0
    now = wanted.partition(BEGIN)[2].partition(END)[0]
    print(f"docs/tasks.md tells of the backends what is not so. It is:\n{now}", file=sys.stderr)
    return 1


def fetch(folder: Path) -> bool:
    """Bring django-tasks-db from PyPI, and tell whether that went well.

    What it needs is there: Django, and the stubs of the development environment.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as wanted:
        wanted.write(f"django-tasks-db=={DB_VERSION} --hash=sha256:{DB_HASH}\n")
        wanted.flush()
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        done = subprocess.run([*pip, "--target", folder, "-r", wanted.name], check=False)
    if done.returncode:
        print("django-tasks-db could not be fetched.", file=sys.stderr)
    return not done.returncode


def answers_of_all(folder: Path) -> dict[str, dict[str, str]]:
    """Return the answers of each backend by their questions."""
    sys.path[:0] = [str(ROOT)]
    from benchmarks.throughput import valkey  # noqa: PLC0415  # found by the path above

    with tempfile.TemporaryDirectory() as data, valkey(Path(data)):
        return {name: answers_of(name, folder, Path(data)) for name in NAMES}


def answers_of(name: str, folder: Path, data: Path) -> dict[str, str]:
    """Return the answers of one backend. Raise CalledProcessError if it cannot be asked."""
    own = {"PYTHONPATH": str(folder), "TASKS_DATABASE": str(data / f"{name}.sqlite3")}
    told = subprocess.run(
        [sys.executable, "ci/task_questions.py", name],
        cwd=ROOT,
        env={**os.environ, **own},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answers: dict[str, str] = json.loads(told.stdout.splitlines()[-1])
    return answers


def table(answers: dict[str, dict[str, str]]) -> str:
    """Return the table, in which most cells say that a backend does as ours."""
    lines = ["| | " + " | ".join(NAMES.values()) + " |", "| --- " * (len(NAMES) + 1) + "|"]
    for question, ours in answers["ours"].items():
        others = [answers[name][question] for name in NAMES if name != "ours"]
        cells = [SAME if each == ours else each for each in others]
        lines.append(f"| {question} | {' | '.join([*cells, ours])} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
