"""`manage.py reset_dev`: it clears what is of development, and refuses everything else."""

import os
import subprocess
import sys
from pathlib import Path

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


@pytest.mark.parametrize("url", ["redis://redis.example.com:6379/0", "rediss://user:secret@redis.example.com/1"])
def test_reset_is_refused_when_redis_is_on_another_machine(development, url):
    development.JOBS = {"REDIS_URL": url}

    assert list(reasons_to_refuse()) == ["The Redis is on another machine, redis.example.com."]


def test_reset_is_refused_when_a_database_is_on_another_machine(development, monkeypatch):
    monkeypatch.setitem(connections["fake_services"].settings_dict, "HOST", "db.example.com")

    assert list(reasons_to_refuse()) == ["The database 'fake_services' is on another machine, db.example.com."]


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
