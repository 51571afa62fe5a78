"""Lock the version and the hashes of every package that this project installs.

    python ci/lock.py              lock what pyproject.toml asks for, and keep what is locked
    python ci/lock.py --upgrade    lock the newest version of everything
    python ci/lock.py --check      say what is wrong with the locks, and change nothing

Each lock is a requirements file, made by `uv pip compile`. It serves every Python and every system
that pyproject.toml names: a marker says for which a line is. `bin/setup` and the Dockerfile install
from them, so a package that was changed after it was locked is refused. The check needs no network;
`bin/ci lock` calls it.
"""

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = ROOT / "pyproject.toml"
FOLDER = ROOT / "requirements"
#: Each lock and the dependency group in it. The first is made first, and the others follow it.
LOCKS = {"dev": "dev", "example": "example"}
OLDEST_PYTHON = "3.11"
#: How somebody makes good what the check complains about.
COMMAND = "python ci/lock.py"
_INPUT = "# For pyproject.toml with sha256:"
_PIN = re.compile(r"^[a-z0-9][a-z0-9._-]*(\[[a-z0-9,-]+\])?==[^\s;]+")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}(?=\s|$)")


def main(arguments: list[str]) -> int:
    """Lock or check, and return the exit code."""
    if "--check" in arguments:
        complaints = list(check())
        print(
            "\n".join(complaints) or "The locks fit pyproject.toml, and every package has hashes."
        )
        return 1 if complaints else 0
    for name in LOCKS:
        lock(name, upgrade="--upgrade" in arguments)
    return 0


def lock(name: str, *, upgrade: bool = False) -> None:
    """Write one lock.

    Exit with the words of uv if it finds no versions that fit together.
    """
    file = FOLDER / f"{name}.txt"
    options = ["--upgrade"] if upgrade else []
    if name != next(iter(LOCKS)):
        options += ["--constraints", str(FOLDER / f"{next(iter(LOCKS))}.txt")]
    command = [
        *(sys.executable, "-m", "uv", "--quiet", "pip", "compile", "--universal"),
        *("--python-version", OLDEST_PYTHON, "--generate-hashes", "--no-header"),
        *("--group", LOCKS[name], "--output-file", str(file), *options, PYPROJECT.name),
    ]
    FOLDER.mkdir(exist_ok=True)
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(f"The lock {file.name} could not be made:\n{result.stderr}")
    file.write_text(f"{header()}\n{file.read_text()}")
    print(f"{file.relative_to(ROOT)}: {len(pins(file.read_text()))} packages.")


def header() -> str:
    """Return the first lines of a lock: who made it, and for which dependencies."""
    return f"# Made by `{COMMAND}`. Do not edit it.\n{_INPUT}{digest()}"


def digest() -> str:
    """Return a hash of all that pyproject.toml says about dependencies."""
    project = tomllib.loads(PYPROJECT.read_text())
    asked_for = [
        project["build-system"]["requires"],
        project["project"]["requires-python"],
        project["project"]["dependencies"],
        project["dependency-groups"],
    ]
    return hashlib.sha256(json.dumps(asked_for, sort_keys=True).encode()).hexdigest()


def check() -> Iterator[str]:
    """Yield what is wrong with the locks."""
    for name in LOCKS:
        file = FOLDER / f"{name}.txt"
        if not file.exists():
            yield f"requirements/{name}.txt is missing. Make it: {COMMAND}"
            continue
        yield from (f"requirements/{name}.txt: {wrong}" for wrong in check_lock(file.read_text()))


def check_lock(text: str) -> Iterator[str]:
    """Yield what is wrong with the text of one lock."""
    if f"{_INPUT}{digest()}\n" not in text:
        yield f"it was made for other dependencies than pyproject.toml names. Run: {COMMAND}"
    if not pins(text):
        yield f"it locks nothing. Run: {COMMAND}"
    for line in lines(text):
        if not _PIN.match(line):
            yield f"{line.split()[0]} is no package with one version. Run: {COMMAND}"
        elif not _HASH.search(line):
            yield f"{line.split()[0]} has no hash. Run: {COMMAND}"


def pins(text: str) -> list[str]:
    """Return the packages of a lock, each with its version."""
    return [found[0] for line in lines(text) if (found := _PIN.match(line))]


def lines(text: str) -> list[str]:
    """Return what pip reads of a lock: a line for each package."""
    whole = text.replace("\\\n", " ").splitlines()
    return [line for line in whole if line.strip() and not line.lstrip().startswith("#")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
