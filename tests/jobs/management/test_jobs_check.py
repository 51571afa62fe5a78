"""`manage.py jobs check`: an alarm by exit code and error handlers."""

import pytest
from django.core.management import CommandError, call_command

from jobs.store import NewJob

HEARD: list[tuple[BaseException, dict]] = []


def hear(error, context):
    """Be an error handler."""
    HEARD.append((error, context))


@pytest.fixture(autouse=True)
def listener(settings):
    HEARD.clear()
    settings.JOBS = {**settings.JOBS, "ERROR_HANDLERS": [f"{__name__}.hear"]}


def check(*arguments):
    call_command("jobs", "check", *arguments)


def show_worker(store, name, quiet=0):
    facts = {"host": "h", "pid": 1, "queues": "default", "concurrency": 5, "busy": 0, "running": "", "quiet": quiet}
    store.beat(name, {**facts, "started_at": 1.0, "beat_at": 1.0, "peak_memory_bytes": 1}, ttl=60)


def test_no_worker_is_an_alarm():
    with pytest.raises(CommandError, match="No worker takes jobs"):
        check()

    assert "No worker takes jobs" in str(HEARD[0][0])
    assert HEARD[0][1]["command"] == "jobs check"


def test_working_workers_are_no_alarm(store, capsys):
    show_worker(store, "w1")

    check()

    assert "no queue is late" in capsys.readouterr().out
    assert HEARD == []


def test_quiet_worker_takes_no_jobs(store):
    show_worker(store, "w1")
    show_worker(store, "w2", quiet=1)

    with pytest.raises(CommandError, match="Only 1 of 2 workers"):
        check("--min-workers", "2")


def test_late_queue_is_an_alarm(store):
    show_worker(store, "w1")
    store.push("default", [NewJob("a" * 32, b'{"priority":0}', 0, due="1000")])

    with pytest.raises(CommandError, match="Queue default is late"):
        check("--max-latency", "60")

    assert len(HEARD) == 1


def test_redis_away_is_an_alarm(settings):
    settings.JOBS = {**settings.JOBS, "REDIS_URL": "redis://127.0.0.1:9/0"}

    with pytest.raises(CommandError, match="cannot be used"):
        check()

    assert len(HEARD) == 1
