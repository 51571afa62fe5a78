"""Tests of `manage.py jobs …` where it looks for jobs, explains and changes them, and of its live view."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from jobs import inspect
from jobs.management import top
from tests.conftest import free_port
from tests.jobs.inspect.filling import beat, failure, fetch, push, put


def jobs(*arguments, out=None):
    """Run a sub-command; return what it printed."""
    out = out or StringIO()
    call_command("jobs", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.mark.parametrize(("command", "name"), [("scheduled", "scheduled"), ("retries", "retry"), ("dead", "dead")])
def test_a_set_is_listed_with_what_matters(store, command, name):
    job_id = put(store, name, at=4e9, args=[7], kwargs={"password": "hunter2"}, errors=[failure("E", "boom\nmore")])

    lines = jobs(command).splitlines()

    assert lines[0].split() == ["Id", "When", "Queue", "Class", "Arguments", "Error"]
    assert job_id in lines[1]
    assert "E: boom" in lines[1]
    assert "hunter2" not in lines[1]
    assert lines[-1] == "1 of 1 job."


def test_a_list_can_be_filtered_and_is_cut(store):
    for n in range(3):
        put(store, "dead", job_class="a.Wanted", args=["x" * 100, n])
    put(store, "dead", "high")

    lines = jobs("dead", "--class", "a.Wanted", "--limit", "2", "--queue", "default", "--text", "xxx").splitlines()

    assert len(lines) == 4
    assert "…" in lines[1]
    assert lines[-1] == "2 of 3 jobs."


def test_an_empty_set_is_one_line():
    assert jobs("dead") == "0 of 0 jobs.\n"


def test_a_job_is_explained(store):
    job_id = put(store, "dead", errors=[failure("E", "boom")])

    told = jobs("explain", job_id, "0123")

    assert f"{job_id} (dead)\n  It is in the dead set since" in told
    assert "0123\n  There is no such job" in told


@pytest.mark.parametrize(
    ("command", "source", "destination", "done"),
    [("retry", "dead", "ready", "Retried"), ("kill", "retry", "dead", "Killed"), ("delete", "done", None, "Deleted")],
)
def test_jobs_are_changed_by_their_ids(store, command, source, destination, done):
    ids = [put(store, source) for _ in range(2)]

    assert jobs(command, *ids).splitlines() == [f"{done} tests.AnyJob {job_id}." for job_id in ids]

    assert [(found := inspect.find(job_id)) and found.place for job_id in ids] == [destination] * 2


def test_what_cannot_be_changed_fails_with_its_reason_after_the_others_were_changed(store):
    good, ready = put(store, "dead"), put(store, "ready")

    with pytest.raises(CommandError) as raised:
        jobs("retry", good, ready, "0123")

    assert str(raised.value).splitlines() == [
        f"Job {ready} is ready; this can be done to jobs that are dead or retry or scheduled.",
        "There is no job 0123.",
    ]
    assert inspect.find(good).place == "ready"


def test_queues_are_paused_and_resumed(store):
    push(store)

    assert "is paused" in jobs("pause", "default", "high")
    assert fetch(store) == []
    assert jobs("resume", "default") == "Queue default goes on.\n"
    assert len(fetch(store)) == 1


def test_a_bad_queue_name_is_one_sentence():
    with pytest.raises(CommandError, match="queue must be"):
        jobs("pause", "no such queue")


def test_a_deploy_is_marked(store):
    assert jobs("deploy-mark", "v1") == "Marked deploy v1.\n"
    with pytest.raises(CommandError, match="A label has 1 to 100"):
        jobs("deploy-mark", "")


def test_top_shows_queues_workers_and_what_runs_as_often_as_asked(store):
    (job_id,) = push(store)
    fetch(store)
    beat(store, busy=1, running=f"{job_id} default 1764000000.000")

    told = jobs("top", "--times", "2", "--every", "0.001")

    assert told.count("Per second") == 2
    assert told.count(job_id) == 2
    assert "1 of 5 threads busy" in told


def test_top_says_when_there_is_no_worker_or_no_redis(settings):
    assert "No worker is running" in jobs("top", "--times", "1")
    settings.JOBS = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
    assert "cannot be used" in jobs("top", "--times", "1")


def test_top_leaves_a_terminal_as_it_was_also_after_an_interruption(monkeypatch):
    class Terminal(StringIO):
        def isatty(self):
            return True

    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(top.time, "sleep", interrupt)

    told = jobs("top", out=Terminal())

    assert told.startswith(top.ENTER)
    assert told.endswith(top.LEAVE)
    assert top.END_OF_PAGE in told
