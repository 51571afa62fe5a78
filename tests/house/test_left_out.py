"""What this machine does not have.

The scripts get it, or run all else and say so. In CI alone they fail.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import chromium
import pytest

from tests.acceptance.runner import is_alive
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("bash", "sh", "dirname", "basename", "cat", "env", "tail", "grep", "rm", "mktemp")
#: What the run of which this test is a part may have been told.
OF_THIS_RUN = {"CI", "NOT_RUN_LOG", "OLDEST_REDIS", "TESTS_NOT_RUN", "TEST_REDIS_SERVER"}
#: A virtual environment whose pytest only tells how it was called.
PYTHON = f"""#!/bin/sh
case "$*" in
*bin/chromium.py*) echo "- there is no network"; exit $BROWSER ;;
*"-m pytest"*) echo "$* on $TEST_REDIS_SERVER"; echo "$TESTS_NOT_RUN"; exit $TESTS ;;
"-m coverage"*) ;;
*"pip"*) ;;
*) exec {sys.executable} "$@" ;;
esac
"""


@pytest.fixture
def bare(tmp_path):
    """Return the environment of a machine without a browser.

    It has no way to get one either.
    """
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        folder.joinpath(name).symlink_to(shutil.which(name))
    environment = {name: value for name, value in os.environ.items() if name not in OF_THIS_RUN}
    return environment | {
        "PATH": str(folder),
        "PYTHONPATH": str(ROOT / "bin"),
        "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "browsers"),
        "PLAYWRIGHT_DOWNLOAD_HOST": "http://127.0.0.1:1",
    }


@pytest.fixture
def with_venv(bare, tmp_path):
    """Add the virtual environment that only tells how its pytest was called."""
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON)
    python.chmod(0o755)
    return bare | {"VENV": str(tmp_path / "venv"), "BROWSER": "1", "TESTS": "0"}


def run(environment, *command):
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


# The browser


def test_all_other_tests_run_where_no_browser_can_be_had(with_venv):
    result = run(with_venv, "bin/test")

    assert result.returncode == 0, result.stderr
    assert "pytest -n 3 -m not browser" in result.stdout
    assert "The browser tests (tests/browser) did not run" in result.stdout
    assert "- there is no network" in result.stdout
    assert "Install one" in result.stdout


def test_everything_runs_where_there_is_a_browser(with_venv):
    result = run(with_venv | {"BROWSER": "0"}, "bin/test")

    assert result.returncode == 0, result.stderr
    assert "pytest -n 3 on" in result.stdout
    assert "did not run" not in result.stdout


@pytest.mark.parametrize("browser", ["0", "1"])
def test_exit_code_of_the_tests_is_kept(with_venv, browser):
    assert run(with_venv | {"BROWSER": browser, "TESTS": "3"}, "bin/test").returncode == 3


def test_no_browser_is_looked_for_when_none_is_wanted(with_venv):
    result = run(with_venv, "bin/test", "--no-browser", "-x")

    assert "pytest -n 3 -m not browser -x" in result.stdout
    assert "did not run" not in result.stdout


@pytest.mark.parametrize(
    ("ci", "selected", "code"), [("", "order", 0), ("true", "order", 1), ("true", "nothing", 5)]
)
def test_last_line_says_what_did_not_run_and_ci_fails(bare, ci, selected, code):
    environment = bare | {"TESTS_NOT_RUN": "The browser tests did not run:\n- no network", "CI": ci}

    result = run(
        environment,
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "tests/house/test_procfile.py",
        "-k",
        selected,
    )

    assert result.returncode == code, result.stdout
    assert result.stdout.splitlines()[-2:] == [
        "[bin/test] The browser tests did not run:",
        "[bin/test] - no network",
    ]


@pytest.mark.slow
def test_every_way_to_a_browser_is_tried_and_told(bare):
    result = run(bare, sys.executable, "bin/chromium.py")

    assert result.returncode == 1
    none, download, package = result.stdout.splitlines()
    assert none.startswith("- Playwright has no Chromium that starts: ")
    assert download.startswith("- Playwright could not download a Chromium: ")
    assert package == "- Packages of the system cannot be installed: there is no apt-get."


def test_user_without_rights_is_told_so(tmp_path, monkeypatch):
    for name in ("apt-get", "sudo"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\nexit 1\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1)

    with pytest.raises(chromium.NoBrowser, match="this user is not root"):
        chromium._as_root()


def test_user_with_a_sudo_that_asks_for_no_password_may_install(tmp_path, monkeypatch):
    for name in ("apt-get", "sudo"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\nexit 0\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1)

    assert chromium._as_root() == ("sudo", "-n")


def test_download_that_hangs_is_ended_with_all_its_children(tmp_path, monkeypatch):
    monkeypatch.setattr(chromium, "LONGEST", 0.2)
    child = tmp_path / "pid"

    with pytest.raises(chromium.NoBrowser, match=r"Too slow: it took longer than 0\.2 s\."):
        chromium._run(("sh", "-c", f"sleep 1000 & echo $! > {child}; wait"), "Too slow")

    wait_until(lambda: not is_alive(int(child.read_text())))


# The oldest server


@pytest.fixture
def without_redis(with_venv):
    """Stay away from a Redis that an earlier run has unpacked."""
    return with_venv | {"OLDEST_REDIS": "/no/such/server"}


def test_ci_step_says_in_the_last_line_that_there_was_no_oldest_server(without_redis):
    result = run(without_redis, "bin/ci", "servers")

    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1].startswith(
        "[bin/ci] No test ran on the oldest server, Redis 7.0:"
    )
    assert "-m pytest" not in result.stdout


def test_ci_step_fails_in_ci_when_there_is_no_oldest_server(without_redis):
    result = run(without_redis | {"CI": "true"}, "bin/ci", "servers")

    assert result.returncode == 1
    assert "[bin/ci] No test ran on the oldest server, Redis 7.0:" in result.stderr


def test_ci_repeats_what_the_tests_left_out(with_venv):
    result = run(with_venv, "bin/ci", "tests")

    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-2] == "[bin/ci] - there is no network"


def test_oldest_server_runs_the_tests(with_venv, tmp_path):
    server = tmp_path / "redis-server"
    server.write_text("#!/bin/sh\necho 'Redis server v=7.0.15 sha=0'\n")
    server.chmod(0o755)

    result = run(with_venv | {"OLDEST_REDIS": str(server)}, "bin/ci", "servers")

    assert result.returncode == 0, result.stderr
    assert f"tests/jobs/store tests/jobs/worker tests/acceptance on {server}" in result.stdout


def test_server_that_is_not_the_oldest_is_refused(with_venv, tmp_path):
    server = tmp_path / "redis-server"
    server.write_text("#!/bin/sh\necho 'Redis server v=7.2.4 sha=0'\n")
    server.chmod(0o755)

    result = run(with_venv | {"OLDEST_REDIS": str(server)}, "bash", "ci/oldest_redis.sh")

    assert result.returncode == 1
    assert result.stderr == f"OLDEST_REDIS={server} is no Redis 7.0.\n"
