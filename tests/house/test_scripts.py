"""The scripts in bin/: what they say before they do anything."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import dev_processes
import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ["setup", "dev", "test", "ci", "reset"]


def run(*command, cwd=ROOT, **environment):
    return subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("word", ["help", "--help", "-h"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_explains_itself_from_any_directory(script, word, tmp_path):
    result = run(ROOT / "bin" / script, word, cwd=tmp_path)

    assert result.returncode == 0
    assert len(result.stdout.splitlines()) >= 2
    assert not result.stdout.startswith("#")
    assert result.stderr == ""


def test_setup_says_in_one_sentence_that_python_is_too_old(tmp_path):
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\ncase "$2" in *version_info*) exit 1 ;; *) echo 3.9.18 ;; esac\n')
    old.chmod(0o755)

    result = run(ROOT / "bin" / "setup", PYTHON=str(old), VENV=str(tmp_path / "venv"))

    assert result.returncode == 1
    assert result.stderr == (
        f"[bin/setup] Python 3.11 or newer is needed ({old} is 3.9.18): "
        "install one, or set PYTHON to it.\n"
    )
    assert not (tmp_path / "venv").exists()


def test_setup_says_in_one_sentence_that_the_venv_module_is_missing(tmp_path):
    bare = tmp_path / "python3"
    bare.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\n')
    bare.chmod(0o755)

    result = run(ROOT / "bin" / "setup", PYTHON=str(bare), VENV=str(tmp_path / "venv"))

    assert result.returncode == 1
    assert result.stderr.startswith("[bin/setup] The venv module")
    assert "apt-get install python3-venv" in result.stderr


def test_setup_names_the_way_out_when_something_would_have_to_be_compiled(tmp_path):
    python = tmp_path / "python3"
    python.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        f'*"venv --clear"*) mkdir -p {tmp_path}/venv/bin && cp "$0" {tmp_path}/venv/bin/python ;;\n'
        "*install*) echo \"error: command 'gcc' failed: No such file or directory\"; exit 1 ;;\n"
        "*--version*) echo Python 3.11.99 ;;\n"
        "esac\n"
    )
    python.chmod(0o755)

    result = run(ROOT / "bin" / "setup", PYTHON=str(python), VENV=str(tmp_path / "venv"))

    assert result.returncode == 1
    assert "no ready-made wheel for Python 3.11.99" in result.stderr
    assert "set PYTHON" in result.stderr


@pytest.mark.parametrize(
    ("variable", "process"), [("PORT", "web"), ("FAKE_PORT", "fake"), ("REDIS_PORT", "redis")]
)
def test_dev_says_which_port_is_taken_and_which_variable_changes_it(variable, process):
    free = {name: str(free_port()) for name in ("PORT", "FAKE_PORT", "REDIS_PORT")}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        result = run(
            sys.executable, ROOT / "bin" / "dev_processes.py", **clean(free | {variable: str(port)})
        )

    assert result.returncode == 1
    assert result.stderr.startswith(f"[bin/dev] Port {port} ({process}) is in use:")
    assert f"{variable}=" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_dev_says_that_a_port_must_be_a_number():
    result = run(sys.executable, ROOT / "bin" / "dev_processes.py", **clean({"PORT": "eighty"}))

    assert result.returncode == 1
    assert result.stderr.strip() == "PORT must be a port number, not 'eighty'."


def test_reset_refuses_when_debug_is_off():
    result = run(ROOT / "bin" / "reset", DEBUG="false", VENV=venv())

    assert result.returncode == 1
    assert result.stderr == "[bin/reset] Nothing was reset: DEBUG is off.\n"


def test_ci_names_its_steps_when_it_is_asked_for_another():
    result = run(ROOT / "bin" / "ci", "nonsense", VENV=venv())

    assert result.returncode == 1
    assert 'There is no step "nonsense"; the steps are: format lint' in result.stderr


def test_help_of_ci_lists_exactly_its_steps():
    script = (ROOT / "bin" / "ci").read_text()
    steps = re.search(r"^steps=\((.*)\)$", script, re.MULTILINE)[1].split()

    documented = re.findall(r"^#   ([a-z]+) {3,}\w", script, re.MULTILINE)

    assert documented == steps
    assert re.findall(r"^step_(\w+)\(\)", script, re.MULTILINE) == steps


def test_every_variable_of_the_settings_is_in_the_example():
    documented = set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    read = set(
        re.findall(
            r'(?:env\.\w+|_database)\(\s*"([A-Z_]+)"', (ROOT / "config" / "settings.py").read_text()
        )
    )

    assert {"DEBUG", "SECRET_KEY", "DATABASE_URL"} <= read
    assert read <= documented


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({"REDIS_PORT": ""}, "redis://127.0.0.1:6399/0"),
        ({"REDIS_PORT": "6500"}, "redis://127.0.0.1:6500/0"),
        ({"REDIS_PORT": "6500", "JOBS_REDIS_URL": "redis://far:1/0"}, "redis://far:1/0"),
        ({"DEBUG": "false", "SECRET_KEY": "k" * 50}, "redis://127.0.0.1:6379/0"),
    ],
)
def test_settings_and_the_example_of_the_environment_look_for_the_same_redis(variables, url):
    code = "from jobs.conf import get_settings; print(get_settings().redis_url)"
    result = run(sys.executable, "manage.py", "shell", "-v0", "-c", code, **clean(variables))

    assert result.stdout.strip() == url
    example = (ROOT / ".env.example").read_text()
    assert url in example or variables["REDIS_PORT"]


@pytest.mark.parametrize(("port", "is_said"), [("6399", False), ("6500", True)])
def test_dev_says_how_other_terminals_find_a_redis_on_another_port(monkeypatch, port, is_said):
    monkeypatch.setenv("REDIS_PORT", port)

    hint = dev_processes.hint_for_other_terminals()

    assert ("REDIS_PORT=6500: export it there, or write it into .env." in hint) == is_said


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def clean(variables):
    """Take the developer's own choice of servers out of the environment of a script."""
    return {"JOBS_REDIS_URL": "", "JOBS_REDIS_PROVIDER": "", "FAKE_SERVICES_URL": ""} | variables


def venv():
    return sys.prefix
