"""Tests of `manage.py jobs …` for repairs.

It looks for jobs, explains and changes them, and has a live view.
"""

import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from jobs import Job, inspect
from tests.jobs.inspect.filling import failure, fetch, push, put

ROOT = Path(__file__).resolve().parents[3]


class ReportJob(Job):
    queue = "quiet-reports"

    def perform(self) -> None:
        """Do nothing."""


def jobs(*arguments, out=None):
    """Run a sub-command.

    Returns what it printed.
    """
    out = out or StringIO()
    call_command("jobs", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.mark.parametrize(
    ("command", "name"), [("scheduled", "scheduled"), ("retries", "retry"), ("dead", "dead")]
)
def test_a_set_is_listed_with_what_matters(store, command, name):
    job_id = put(
        store,
        name,
        at=4e9,
        args=[7],
        kwargs={"password": "hunter2"},
        errors=[failure("E", "boom\nmore")],
    )

    lines = jobs(command).splitlines()

    assert lines[0].split() == ["Id", "When", "Queue", "Class", "Arguments", "Error"]
    assert job_id in lines[1]
    assert "E: boom" in lines[1]
    assert "hunter2" not in lines[1]
    assert lines[-1] == "1 of 1 job."


def test_a_list_can_be_filtered_and_is_cut(store):
    for n in range(3):
        put(store, "dead", job_class="a.Wanted", kwargs={"note": "x" * 100, "n": n})
    put(store, "dead", "high")

    lines = jobs(
        "dead", "--class", "a.Wanted", "--limit", "2", "--queue", "default", "--text", "xxx"
    ).splitlines()

    assert len(lines) == 4
    assert "…" in lines[1]
    assert lines[-1] == "2 of 3 jobs."


def test_an_empty_set_is_one_line():
    assert jobs("dead") == "0 of 0 jobs.\n"


def test_a_job_is_explained(store):
    job_id = put(store, "dead", errors=[failure("E", "boom")])

    told = jobs("explain", job_id, "0123")

    assert f"{job_id} (dead)\n  It has been in the dead set since" in told
    assert "0123\n  There is no such job" in told


@pytest.mark.parametrize(
    ("command", "source", "destination", "done"),
    [
        ("retry", "dead", "ready", "Retried"),
        ("kill", "retry", "dead", "Killed"),
        ("delete", "done", None, "Deleted"),
    ],
)
def test_jobs_are_changed_by_their_ids(store, command, source, destination, done):
    ids = [put(store, source) for _ in range(2)]

    assert jobs(command, *ids).splitlines() == [f"{done} tests.AnyJob {job_id}." for job_id in ids]

    assert [(found := inspect.find(job_id)) and found.place for job_id in ids] == [destination] * 2


def test_what_cannot_be_changed_fails_with_its_reason_after_the_others_were_changed(store):
    good, ready = put(store, "dead"), put(store, "ready")

    with pytest.raises(CommandError) as raised:
        jobs("retry", good, ready, "0123")

    places = "Only jobs in these sets can be changed in this way: dead, retry, scheduled."
    assert str(raised.value).splitlines() == [
        f"Job {ready} is ready. {places}",
        "There is no job 0123.",
    ]
    assert inspect.find(good).place == "ready"


def test_queues_are_paused_and_resumed(store):
    push(store)

    assert "is paused" in jobs("pause", "default", "high")
    assert fetch(store) == []
    assert jobs("resume", "default") == "Workers take jobs from queue default again.\n"
    assert len(fetch(store)) == 1


def test_a_bad_queue_name_is_one_sentence():
    with pytest.raises(CommandError, match="queue must be"):
        jobs("pause", "no such queue")


def test_a_queue_is_limited_and_set_free(store):
    push(store)
    assert "at most 1 job at a time" in jobs("limit", "default", "1")
    assert inspect.queues(names=["default"])[0].most_running == 1

    assert "runs any number of jobs at a time again" in jobs("limit", "default", "none")
    assert inspect.queues(names=["default"])[0].most_running is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["default", "0"], "whole number from 1"),
        (["default", "few"], "'few' is no limit"),
        (["defualt", "1"], "Did you mean default"),
    ],
)
def test_wrong_limits_are_refused(arguments, message):
    with pytest.raises(CommandError, match=message):
        jobs("limit", *arguments)


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_a_queue_that_nobody_knows_is_refused_with_near_names(store, command):
    push(store, "emails")

    with pytest.raises(CommandError, match=r"no queue emial: .*Did you mean emails") as raised:
        jobs(command, "emails", "emial")

    assert "--force" in str(raised.value)
    assert not any(queue.is_paused for queue in inspect.queues())


def test_a_queue_that_is_named_by_a_job_class_alone_can_be_paused():
    assert "is paused" in jobs("pause", "quiet-reports")


def test_a_pause_that_is_insisted_on_is_seen_and_can_be_ended(store):
    assert "is paused" in jobs("pause", "nosuch", "--force")

    assert {queue.name: queue.is_paused for queue in inspect.queues()}["nosuch"]
    assert jobs("resume", "nosuch") == "Workers take jobs from queue nosuch again.\n"


@pytest.mark.parametrize("arguments", [["stats"], ["stats", "--json"], ["top", "--every", "0.1"]])
def test_a_reader_that_goes_away_ends_a_command_in_silence(arguments):
    command = [sys.executable, "manage.py", "jobs", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.close()
        errors = process.stderr.read()

    assert errors == ""
    assert process.returncode == 141


@pytest.mark.parametrize("command", ["dead", "explain"])
def test_a_message_of_an_error_cannot_talk_to_the_terminal(store, command):
    error = failure("E", "\x1b]0;title\x07\x1b[2Jboom\r\u2028")
    job_id = put(store, "dead", errors=[error])

    told = jobs(command, *([job_id] if command == "explain" else []))

    assert "boom" in told
    assert all(character.isprintable() for line in told.split("\n") for character in line)


@pytest.mark.parametrize("at", [1e300, float("inf"), -1e300, float("-inf"), 4e12])
@pytest.mark.parametrize("command", ["explain", "retry", "delete", "scheduled"])
def test_a_time_out_of_range_breaks_no_command(store, command, at):
    job_id = put(store, "scheduled")
    store.client.zadd(store.keys("default").scheduled, {job_id: at})

    assert job_id in jobs(command, *([] if command == "scheduled" else [job_id]))


def test_a_deploy_is_marked(store):
    assert jobs("deploy-mark", "v1") == "Marked deploy v1.\n"
    with pytest.raises(CommandError, match="A label has 1 to 100"):
        jobs("deploy-mark", "")
