"""`manage.py reset_dev`: it clears what is of development, and refuses everything else."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import dev_environment
import dev_reset
import pytest
import redis
from django.db import connections

from orders.management.commands.reset_dev import reasons_to_refuse

ROOT = Path(__file__).resolve().parents[2]
LOCAL = {"REDIS_URL": "redis://127.0.0.1:6399/0"}


@pytest.fixture
def development(settings):
    settings.DEBUG = True
    settings.JOBS = LOCAL
    return settings


def test_development_on_this_machine_may_be_reset(development, monkeypatch):
    for alias in connections:
        monkeypatch.setitem(connections[alias].settings_dict, "HOST", "")

    assert list(reasons_to_refuse()) == []


def test_reset_is_refused_when_debug_is_off(development):
    development.DEBUG = False

    assert list(reasons_to_refuse()) == ["DEBUG is off."]


@pytest.mark.parametrize(
    "url", ["redis://redis.example.com:6379/0", "rediss://user:secret@redis.example.com/1"]
)
def test_reset_is_refused_when_redis_is_on_another_machine(development, url):
    development.JOBS = {"REDIS_URL": url}

    assert list(reasons_to_refuse()) == ["The Redis is on another machine, redis.example.com."]


def test_reset_is_refused_when_a_database_is_on_another_machine(development, monkeypatch):
    monkeypatch.setitem(connections["fake_services"].settings_dict, "HOST", "db.example.com")

    assert list(reasons_to_refuse()) == [
        "The database 'fake_services' is on another machine, db.example.com."
    ]


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Return the folder of a Redis of development that a test may reset."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        monkeypatch.setenv("REDIS_PORT", str(probe.getsockname()[1]))
    monkeypatch.setattr(dev_reset, "DATA", tmp_path / "redis")
    monkeypatch.setattr(dev_reset, "reset", lambda: 0)
    monkeypatch.setattr(dev_environment, "fill_in", set)
    return tmp_path / "redis"


def leave_data(directory):
    """Leave a file behind that no server can read."""
    (directory / "appendonlydir").mkdir(parents=True)
    (directory / "appendonlydir" / "appendonly.aof.manifest").write_text("no manifest\n")


@pytest.mark.redis
def test_reset_deletes_the_data_of_servers_that_are_gone(data):
    for directory in (data / "redis-99", data / "valkey-99", data, data / "moved-away"):
        leave_data(directory)

    assert dev_reset.main() == 0

    left = {path.name for path in data.iterdir() if path.is_dir()}
    assert len(left) == 2
    assert "moved-away" in left
    assert left.isdisjoint({"redis-99", "valkey-99", "appendonlydir"})


@pytest.mark.redis
def test_reset_deletes_data_that_cannot_be_read(data):
    assert dev_reset.main() == 0
    [manifest] = data.rglob("appendonly.aof.manifest")
    manifest.write_text("no manifest\n")

    assert dev_reset.main() == 0

    assert [path for path in data.iterdir() if path.is_dir()] == []


@pytest.mark.redis
def test_reset_that_was_refused_deletes_nothing(data, monkeypatch):
    leave_data(data / "redis-99")
    monkeypatch.setattr(dev_reset, "reset", lambda: 1)

    assert dev_reset.main() == 1

    assert (data / "redis-99" / "appendonlydir").exists()


@pytest.mark.redis
@pytest.mark.slow
def test_reset_clears_the_keys_of_the_jobs_and_loads_the_sample_data(redis_url, tmp_path):
    with redis.Redis.from_url(redis_url) as client:
        client.mset({"jobs:queues": 1, "{jobs:default}:ready": 1, "jobsite": 1, "other:key": 1})

        result = subprocess.run(
            [sys.executable, "bin/dev_reset.py"],
            cwd=ROOT,
            env=os.environ
            | {
                "DEBUG": "true",
                "JOBS_REDIS_URL": redis_url,
                "DATABASE_URL": f"sqlite:///{tmp_path}/shop.sqlite3",
                "FAKE_SERVICES_DATABASE_URL": f"sqlite:///{tmp_path}/fake_services.sqlite3",
            },
            capture_output=True,
            text=True,
            check=False,
        )

        assert result.returncode == 0, result.stderr
        assert f"Deleted 2 keys of the jobs in {redis_url}." in result.stdout
        assert "Cleared the database 'fake_services'." in result.stdout
        assert "The shop has 4 products." in result.stdout
        assert sorted(client.keys()) == [b"jobsite", b"other:key"]
