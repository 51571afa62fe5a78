"""Tests of `manage.py jobs …`: what each sub-command prints, and how it ends."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from jobs.management.terminal import duration, table
from jobs.registry import registry
from tests.conftest import free_port
from tests.jobs.inspect.filling import beat, fill, push
from tests.jobs.unique_jobs import PlaceJob

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def two_queues(settings):
    settings.JOBS = {"QUEUES": ["high", "default"]}


def jobs(*arguments):
    """Run a sub-command.

    Returns the lines that it printed.
    """
    out = StringIO()
    call_command("jobs", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue().splitlines()


def columns(line):
    return line.split()


def test_stats_of_an_empty_redis_are_zeros():
    lines = jobs("stats")

    assert lines[:3] == ["Processed  0", "Failed     0", "Workers    0"]
    assert columns(lines[-1]) == ["default", "0", "0", "0", "0", "0", "0", "0.0", "s"]


def test_a_search_that_is_too_large_is_refused():
    with pytest.raises(CommandError, match="--text has 201 characters, more than 200"):
        jobs("dead", "--text", "x" * 201)


@pytest.mark.parametrize("command", [["dead"], ["retry", "--all", "dead"]])
def test_class_without_its_app_is_told_with_it_where_nothing_is_found(store, command):
    fill(store, "default")

    whole = registry.name_of(PlaceJob)
    told = f"There is no job class PlaceJob. Did you mean {whole}?"

    assert jobs(*command, "--class", "PlaceJob")[1:] == [told]
    assert jobs(*command, "--class", whole)[1:] == []


def test_stats_show_totals_workers_and_queues(store):
    fill(store, "default")
    push(store, "high", count=1234, ago=100)
    beat(store, "one", busy=2, concurrency=5)
    beat(store, "two", busy=1, concurrency=10)

    lines = jobs("stats")

    assert lines[:3] == ["Processed  4", "Failed     2", "Workers    2, 3 jobs on 15 threads"]
    assert columns(lines[-3]) == [
        "Queue",
        "Ready",
        "Running",
        "Scheduled",
        "Retry",
        "Dead",
        "Done",
        "Latency",
    ]
    assert columns(lines[-2])[:9] == ["high", "1,234", "0", "0", "0", "0", "0", "1", "min"]
    assert columns(lines[-1])[:7] == ["default", "1", "1", "1", "1", "1", "1"]


def test_stats_as_json_are_for_programs(store):
    fill(store, "default")
    beat(store, "one", running="0190aa high 1700000000.250", busy=1)

    told = json.loads("\n".join(jobs("stats", "--json")))

    assert (told["processed"], told["failed"]) == (4, 2)
    assert set(told["queues"]) == {"high", "default"}
    assert {"ready", "running", "scheduled", "retry", "dead", "latency"} <= set(
        told["queues"]["default"]
    )
    assert told["queues"]["default"]["retry"] == 1
    assert told["workers"][0]["running"][0]["since"] == "2023-11-14T22:13:20.250Z"


def test_queues_show_counters_and_a_pause(store):
    fill(store, "default")
    store.client.hset(store.keys("high").meta, mapping={"paused": 1, "most_running": 2})

    titles, high, default = jobs("queues")

    assert columns(titles)[-3:] == ["Processed", "Failed", "Latency"]
    assert high.endswith("0.0 s, runs at most 2 at a time, paused")
    assert columns(default)[:9] == ["default", "1", "1", "1", "1", "1", "1", "4", "2"]


def test_queues_show_how_many_they_hold_and_may_hold(store, settings):
    settings.JOBS = {**settings.JOBS, "QUEUE_LIMITS": {"default": 5_000}}
    fill(store, "default")

    _, _, default = jobs("queues")

    assert default.endswith(" s, holds 4 of at most 5,000")


@pytest.mark.parametrize("command", ["stats", "queues"])
def test_a_queue_that_nothing_uses_any_more_is_not_listed(store, command):
    store.intake.announce_queues(["forlorn"])

    *_, last = told = jobs(command)

    assert not any(line.startswith("forlorn") for line in told)
    assert last == (
        "Not shown: 1 queue that nothing uses any more. "
        "See all with: python manage.py jobs queues --all"
    )
    assert jobs("queues", "--all")[-1].startswith("forlorn")


def test_workers_say_how_to_start_one_when_there_is_none():
    assert jobs("workers") == ["No worker is running. Start one with: python manage.py runjobs"]


def test_workers_show_each_worker_and_what_it_runs(store):
    beat(
        store,
        "web1:40:ffff",
        host="web1",
        pid=41,
        busy=1,
        running="0190aa high 1700000000.250 class=shop.SleepJob",
        quiet=1,
    )
    beat(store, "web2:50:eeee", host="web2", pid=5100)

    titles, first, second, gap, running_titles, running = sorted_workers(jobs("workers"))

    assert columns(titles)[:5] == ["Worker", "Host", "Pid", "Queues", "Busy"]
    assert first.startswith("web1:40:ffff  web1  41    high, default  1 of 5  47.7 MB")
    assert first.endswith("quiet")
    assert "5100" in second
    assert second.endswith("running")
    assert gap == ""
    titles = " ".join(columns(running_titles))
    assert titles == "Running at last beat For Queue Worker Id"
    assert columns(running)[0] == "shop.SleepJob"
    assert columns(running)[3:] == ["high", "web1:40:ffff", "0190aa"]


def sorted_workers(lines):
    """Return the lines with the two workers sorted by name.

    Both started at about the same time.
    """
    return [lines[0], *sorted(lines[1:3]), *lines[3:]]


def test_workers_that_run_nothing_have_no_table_of_jobs(store):
    beat(store)

    assert len(jobs("workers")) == 2


def test_doctor_says_what_it_looked_at(store):
    fill(store, "default")

    assert jobs("doctor") == ["Looked at 6 jobs in 2 queues: every job is in exactly one place."]


def test_doctor_warns_of_a_server_that_loses_jobs():
    errors = StringIO()

    call_command("jobs", "doctor", stdout=StringIO(), stderr=errors)

    assert "Append-only persistence is off" in errors.getvalue()


def test_doctor_lists_what_is_broken_and_fails(store):
    [lost] = push(store)
    store.client.zrem(store.keys("default").ready, lost)
    out = StringIO()

    with pytest.raises(
        CommandError, match=r"1 job in 2 queues: 1 not in exactly one place.*--repair"
    ) as caught:
        call_command("jobs", "doctor", stdout=out, stderr=StringIO())

    assert caught.value.returncode == 1
    assert [columns(line) for line in out.getvalue().splitlines()] == [
        ["Broken", "Queue", "Found", "in"],
        [lost, "default", "nowhere"],
    ]


def test_doctor_repairs_lists_it_and_is_content(store):
    [lost] = push(store)
    store.client.zrem(store.keys("default").ready, lost)

    lines = jobs("doctor", "--repair")

    assert columns(lines[0]) == ["Repaired", "Queue", "Found", "in"]
    assert columns(lines[1]) == [lost, "default", "nowhere"]
    assert lines[2] == "Looked at 1 job in 2 queues: every job is in exactly one place."
    assert jobs("doctor") == ["Looked at 1 job in 2 queues: every job is in exactly one place."]


@pytest.mark.parametrize(
    "arguments", [["stats"], ["stats", "--json"], ["queues"], ["workers"], ["doctor"]]
)
def test_redis_that_is_away_is_one_sentence_with_a_remedy(settings, arguments):
    port = free_port()
    settings.JOBS = {"REDIS_URL": f"redis://user:secret@127.0.0.1:{port}/0"}

    with pytest.raises(CommandError, match=r"manage\.py devredis") as caught:
        jobs(*arguments)

    assert f"redis://***@127.0.0.1:{port}/0" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_wrong_settings_are_one_sentence(settings):
    settings.JOBS = {"QEUES": []}

    with pytest.raises(CommandError, match="unknown key 'QEUES'"):
        jobs("stats")


@pytest.mark.parametrize("arguments", [[], ["nonsense"]])
def test_sub_commands_are_named_when_none_of_them_is_given(arguments):
    with pytest.raises(CommandError, match="COMMAND"):
        jobs(*arguments)


def test_command_line_exits_with_1_and_without_a_traceback_when_a_job_is_astray(store):
    [lost] = push(store)
    store.client.zrem(store.keys("default").ready, lost)

    command = [sys.executable, "manage.py", "jobs", "doctor"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert lost in done.stdout
    assert "not in exactly one place" in done.stderr
    assert "Traceback" not in done.stderr


def test_numbers_stand_to_the_right_and_texts_to_the_left():
    assert table(("queue", "ready"), [["a", 5], ["long", 1000]]) == [
        "Queue  Ready",
        "a          5",
        "long   1,000",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (9.94, "9.9 s"), (59.9, "59 s"), (60, "1 min"), (7199, "1 h"), (90_000, "1 d")],
)
def test_durations_are_short(seconds, text):
    assert duration(seconds) == text
