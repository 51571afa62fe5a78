"""Type checkers hold the arguments of every call against `perform`."""

import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CALLS = ROOT / "tests/jobs/typed_calls.py"
MARK = re.compile(r"# wrong: (?P<mypy>[^,]+), (?P<pyright>.+)")
#: As strict as a project may want them, and without the plugins that only some have.
MYPY = f"[mypy]\nstrict = True\nfollow_imports = silent\nmypy_path = {ROOT}\n"
PYRIGHT = {
    "typeCheckingMode": "standard",
    "include": [str(CALLS)],
    "extraPaths": [str(ROOT)],
    "pythonVersion": "3.11",
}

pytestmark = pytest.mark.slow


def expected(checker):
    """Return the codes that a checker must give, by line."""
    found = ((n, MARK.search(line)) for n, line in enumerate(CALLS.read_text().splitlines(), 1))
    return {n: set(mark[checker].split()) for n, mark in found if mark}


def run_mypy(folder):
    """Return the codes of its errors by line, and what it reveals."""
    config = folder / "mypy.ini"
    config.write_text(MYPY)
    command = [sys.executable, "-m", "mypy", "--config-file", config, "--cache-dir", folder, CALLS]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
    errors = defaultdict(set)
    for line, code in re.findall(r"^\S+:(\d+): error: .*\[(\S+)\]$", said, re.MULTILINE):
        errors[int(line)].add(code)
    return errors, re.findall(r'note: Revealed type is "(.*)"', said), said


def run_pyright(folder):
    """Return what Pyright says, in the same form."""
    config = folder / "pyrightconfig.json"
    config.write_text(json.dumps(PYRIGHT))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--project", config]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
    errors, revealed = defaultdict(set), []
    for each in json.loads(said)["generalDiagnostics"]:
        if each["severity"] == "error":
            errors[each["range"]["start"]["line"] + 1].add(each["rule"])
        elif each["severity"] == "information":
            revealed += re.findall(r'is "(.*)"', each["message"])
    return errors, revealed, said


def test_mypy_refuses_what_does_not_suit_perform(tmp_path):
    errors, revealed, said = run_mypy(tmp_path)
    of_fetch = "def (shop_id: int)"

    assert errors == expected("mypy"), said
    assert revealed == [
        "def (order_id: int, *, note: str =) -> jobs.making.EnqueuedJob",
        "def (order_id: int, *, note: str =) -> jobs.making.EnqueuedJob",
        f"Overload({of_fetch} -> bytes, {of_fetch} -> typing.Coroutine[Any, Any, bytes])",
    ]


def test_pyright_refuses_what_does_not_suit_perform(tmp_path):
    errors, revealed, said = run_pyright(tmp_path)

    assert errors == expected("pyright"), said
    assert revealed == [
        '(order_id: int, *, note: str = "") -> EnqueuedJob',
        '(order_id: int, *, note: str = "") -> EnqueuedJob',
        "Overload[(shop_id: int) -> bytes, (shop_id: int) -> CoroutineType[Any, Any, bytes]]",
    ]


def test_there_are_wrong_calls_enough():
    assert len(expected("mypy")) == len(expected("pyright")) > 25
