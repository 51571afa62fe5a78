"""The outbox with real processes: who enqueues is killed, Redis is away, workers sweep."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.acceptance.runner import ROOT
from tests.acceptance.servers import OwnServer
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis, pytest.mark.slow]


@pytest.fixture
def database(tmp_path) -> dict[str, str]:
    """Return the environment of a project with an outbox, whose tables are there."""
    variables = {"TEST_DATABASE": str(tmp_path / "db.sqlite3"), "TEST_OUTBOX": "1"}
    run(variables, "redis://127.0.0.1:1/0", "-m", "django", "migrate", "--verbosity", "0")
    return variables


def run(variables: dict[str, str], url: str, *command: str) -> str:
    environment = {
        **os.environ,
        **variables,
        "DJANGO_SETTINGS_MODULE": "tests.acceptance.settings",
        "JOBS_REDIS_URL": url,
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, *command], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(variables: dict[str, str]) -> int:
    with closing(sqlite3.connect(variables["TEST_DATABASE"], timeout=20)) as connection:
        [count] = connection.execute("SELECT count(*) FROM jobs_outboxentry").fetchone()
    return int(count)


def test_process_killed_at_each_line_after_its_commit_loses_and_doubles_no_job(
    database, start, redis_url
):
    runner = start("-p", "2", **database)

    lines = int(run(database, redis_url, "-m", "tests.acceptance.dying_pusher"))

    assert lines > 50
    runner.wait_for_notes(lines + 1, timeout=60)
    wait_until(lambda: rows(database) == 0, timeout=60)
    assert sorted(map(int, runner.notes)) == list(range(lines + 1))
    assert "outbox.swept" in runner.log
    assert runner.stop() == 0


ENQUEUE = (
    "import django; django.setup(); from django.db import transaction; "
    "from tests.acceptance.jobs import NoteJob\n"
    "with transaction.atomic(): NoteJob.enqueue(7)"
)


@pytest.fixture
def server(tmp_path) -> Iterator[OwnServer]:
    server = OwnServer(tmp_path)
    yield server
    server.stop()


def test_job_of_a_commit_while_redis_was_away_runs_when_it_is_back(database, start, server):
    run(database, server.url, "-c", ENQUEUE)
    assert rows(database) == 1

    server.start()
    runner = start(url=server.url, **database)

    runner.wait_for_notes(1)
    wait_until(lambda: rows(database) == 0)
    assert runner.notes == ["7"]


def test_burst_runs_what_lies_in_the_outbox(database, start, server):
    run(database, server.url, "-c", ENQUEUE)
    age_rows(database)
    server.start()

    runner = start("--burst", url=server.url, **database)

    assert runner.wait(timeout=30) == 0
    assert runner.notes == ["7"]


def age_rows(variables: dict[str, str]) -> None:
    """Let all rows be due."""
    with closing(sqlite3.connect(variables["TEST_DATABASE"], timeout=20)) as connection:
        connection.execute("UPDATE jobs_outboxentry SET next_at = '2020-01-01 00:00:00'")
        connection.commit()
