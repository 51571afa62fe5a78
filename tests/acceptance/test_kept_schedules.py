"""Schedules of the database with real workers, which read the table by themselves."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from jobs.store.kept_schedules import KeptSchedules
from tests.acceptance.runner import ROOT
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis, pytest.mark.slow]
NAME = "acceptance.AskedJob:db.often"
COLUMNS = (
    "job_class, name, enabled, cron, timezone, every_seconds, args, kwargs, queue, overlap, "
    "catch_up_seconds, jitter_seconds, margin_seconds"
)


@pytest.fixture
def database(tmp_path, redis_url):
    """Return the path of a database with the table."""
    path = str(tmp_path / "jobs.sqlite3")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.acceptance.settings",
        "JOBS_REDIS_URL": redis_url,
        "PYTHONPATH": str(ROOT),
        "TEST_DATABASE": path,
    }
    command = [sys.executable, "-m", "django", "migrate", "--verbosity", "0", "jobs"]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)
    return path


def change(path, statement, *values):
    """Change the table behind the back of every process that mirrors it."""
    with closing(sqlite3.connect(path, timeout=10)) as connection:
        connection.execute(statement, values)
        connection.commit()


def insert(path, word):
    values = ["acceptance.AskedJob", "often", True, "", "", 1, f'["{word}"]', "{}", "default"]
    marks = ", ".join("?" * 13)
    statement = f"INSERT INTO jobs_scheduleentry ({COLUMNS}) VALUES ({marks})"
    change(path, statement, *values, "allow", 3600, 0, 600)


def words(runner):
    return {line.split()[1] for line in runner.notes if line.startswith("asked ")}


def ticks(runner):
    return [line for line in runner.notes if line.startswith("asked ")]


def test_workers_follow_the_table_and_never_run_a_tick_twice(start, store, database):
    runners = [start("-q", "default", TEST_DATABASE=database) for _ in range(2)]
    desk = KeptSchedules(store)

    insert(database, "hello")
    wait_until(lambda: words(runners[0]) == {"hello"}, timeout=60)
    change(database, "UPDATE jobs_scheduleentry SET args = ?", '["goodbye"]')
    wait_until(lambda: "goodbye" in words(runners[0]), timeout=60)

    change(database, "UPDATE jobs_scheduleentry SET enabled = 0")
    key = store.keys("default").schedules
    wait_until(lambda: store.client.hget(key, f"next:{NAME}") == b"", timeout=60)
    wait_until(lambda: store.client.hlen(store.keys("default").payloads) == 0, timeout=60)
    count = len(ticks(runners[0]))

    change(database, "DELETE FROM jobs_scheduleentry")
    wait_until(lambda: NAME not in desk.home().queues, timeout=60)
    assert len(ticks(runners[0])) == count
    assert len(set(ticks(runners[0]))) == count
    assert [runner.stop() for runner in runners] == [0, 0]
    assert "chore.failed" not in runners[0].log
