"""The locks of all dependencies, and the audit of what is installed.

Each must find what it is there to find, and must not pass when it has looked at nothing.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import check_dependencies
import lock
import pytest

ROOT = Path(__file__).resolve().parents[2]
HASH = f"--hash=sha256:{'a' * 64}"


# The locks


def made_for_pyproject(*packages: str) -> str:
    return "\n".join([lock.header(), *packages, ""])


def test_locks_of_this_project_fit_its_pyproject():
    assert list(lock.check()) == []


@pytest.mark.parametrize(("name", "some"), [("dev", "pytest"), ("example", "gunicorn")])
def test_every_lock_serves_both_versions_of_django(name, some):
    pins = lock.pins((ROOT / "requirements" / f"{name}.txt").read_text())

    versions = [pin.removeprefix("django==") for pin in pins if pin.startswith("django==")]
    assert [version.split(".")[0] for version in versions] == ["5", "6"]
    assert any(pin.startswith(f"{some}==") for pin in pins)


def test_locks_agree_with_each_other():
    example, dev = (
        set(lock.pins((ROOT / "requirements" / f"{name}.txt").read_text()))
        for name in ("example", "dev")
    )

    assert example <= dev


def test_lock_for_other_dependencies_is_refused(monkeypatch, tmp_path):
    before = made_for_pyproject(f"django==5.2.1 {HASH}")
    changed = tmp_path / "pyproject.toml"
    changed.write_text(lock.PYPROJECT.read_text().replace("django>=5.2", "django>=5.3"))
    monkeypatch.setattr(lock, "PYPROJECT", changed)

    (complaint,) = lock.check_lock(before)

    assert "other dependencies than pyproject.toml" in complaint
    assert complaint.endswith("Run: python ci/lock.py")


def test_change_of_another_part_of_pyproject_needs_no_new_lock(monkeypatch, tmp_path):
    before = made_for_pyproject(f"django==5.2.1 {HASH}")
    changed = tmp_path / "pyproject.toml"
    changed.write_text(lock.PYPROJECT.read_text().replace("line-length = 100", "line-length = 99"))
    monkeypatch.setattr(lock, "PYPROJECT", changed)

    assert list(lock.check_lock(before)) == []


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("django==5.2.1", "django==5.2.1 has no hash."),
        ("django==5.2.1 --hash=sha256:abc", "django==5.2.1 has no hash."),
        (f"django>=5.2 {HASH}", "django>=5.2 is no package with one version."),
        ("--index-url https://example.com", "--index-url is no package with one version."),
        (f"django@https://example.com/d.whl {HASH}", "is no package with one version."),
        ("-e .", "-e is no package with one version."),
    ],
)
def test_line_that_locks_nothing_is_refused(line, complaint):
    (found,) = lock.check_lock(made_for_pyproject(f"sqlparse==0.5 \\\n    {HASH}", line))

    assert complaint in found


def test_lock_without_a_package_is_refused():
    (complaint,) = lock.check_lock(made_for_pyproject("# nothing"))

    assert complaint.startswith("it locks nothing.")


def test_lock_that_is_missing_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(lock, "FOLDER", tmp_path)

    first, _ = lock.check()
    assert first == "requirements/dev.txt is missing. Make it: python ci/lock.py"


def test_setup_refuses_a_package_that_is_not_the_locked_one(tmp_path):
    python = tmp_path / "python3"
    python.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        f'*"venv --clear"*) mkdir -p {tmp_path}/venv/bin && cp "$0" {tmp_path}/venv/bin/python ;;\n'
        '*"--require-hashes --requirement requirements/dev.txt"*)\n'
        '  echo "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS"; exit 1 ;;\n'
        "*--version*) echo Python 3.11.99 ;;\n"
        "esac\n"
    )
    python.chmod(0o755)

    result = run("bin/setup", PYTHON=str(python), VENV=str(tmp_path / "venv"))

    assert result.returncode == 1
    assert "A package is not the one that was locked" in result.stderr
    assert not (tmp_path / "venv" / "setup.stamp").exists()


# The audit


def answer(*packages: dict) -> str:
    return json.dumps({"dependencies": list(packages)})


SOUND = {"name": "redis", "version": "6.2.0", "vulns": []}
VULNERABLE = {
    "name": "django",
    "version": "5.2.0",
    "vulns": [{"id": "X-1", "fix_versions": ["5.2.1"]}],
}
UNKNOWN = {"name": "other", "skip_reason": "not found"}
OF_THE_VENV = {"name": "setuptools", "version": "1", "vulns": [{"id": "X-2", "fix_versions": []}]}


def test_audit_names_the_vulnerability_and_the_version_that_mends_it(capsys):
    code = check_dependencies.report(answer(SOUND, VULNERABLE, OF_THE_VENV), "")

    assert code == 1
    assert capsys.readouterr().out == "django 5.2.0: X-1, fixed in 5.2.1.\n"


def test_audit_of_all_packages_says_how_many_it_looked_up(capsys):
    assert check_dependencies.report(answer(SOUND, OF_THE_VENV), "") == 0
    assert capsys.readouterr().out == "1 packages have no known vulnerability.\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (answer(UNKNOWN, OF_THE_VENV), "NOT AUDITED: the list of known vulnerabilities cannot be"),
        (answer(SOUND, UNKNOWN), "NOT AUDITED, because the list does not know them: other."),
        (answer(), "NOT AUDITED: pip-audit gave no answer."),
        ("", "no network"),
    ],
)
def test_audit_that_did_not_look_everything_up_does_not_pass(text, told, capsys):
    assert check_dependencies.report(text, "ERROR: no network") == check_dependencies.NOT_AUDITED
    assert told in capsys.readouterr().out


def test_vulnerability_counts_more_than_what_was_not_looked_up(capsys):
    assert check_dependencies.report(answer(VULNERABLE, UNKNOWN), "") == 1
    assert "NOT AUDITED" in capsys.readouterr().out


@pytest.fixture
def with_venv(tmp_path):
    """Return a virtual environment whose audit only ends with the code of AUDIT."""
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        "*check_dependencies*) exit $AUDIT ;;\n"
        '*"pip"*) ;;\n'
        f'*) exec {sys.executable} "$@" ;;\n'
        "esac\n"
    )
    python.chmod(0o755)
    return {"VENV": str(tmp_path / "venv")}


@pytest.mark.parametrize(
    ("audit", "ci", "allowed", "code"),
    [
        ("0", "true", "", 0),
        ("1", "", "true", 1),
        ("1", "true", "true", 1),
        ("3", "", "", 0),
        ("3", "true", "", 1),
        ("3", "true", "true", 0),
    ],
)
def test_step_fails_in_ci_unless_it_is_known_that_no_list_is_reached(
    with_venv, audit, ci, allowed, code
):
    result = run("bin/ci", "audit", AUDIT=audit, CI=ci, ALLOW_NO_AUDIT=allowed, **with_venv)

    assert result.returncode == code, result.stderr
    if audit == "3":
        assert "NOT every dependency was audited" in result.stdout + result.stderr
    if (audit, code) == ("3", 0):
        assert "NOT every dependency was audited" in result.stdout.splitlines()[-1]


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "NOT_RUN_LOG"}
        | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
