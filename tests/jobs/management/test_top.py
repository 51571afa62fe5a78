"""Tests of `manage.py jobs top` as it prints, and of what its keys do."""

import time
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from jobs import inspect
from jobs.management import live_terminal
from jobs.management.top_desk import HELP, Desk
from jobs.management.top_look import Room, look, picture
from jobs.store.requests import Requests
from tests.conftest import free_port
from tests.jobs.inspect.at_work import measure, run
from tests.jobs.inspect.filling import WORKER, beat, put
from tests.jobs.unique_jobs import PlaceJob, dead_job


def top(*arguments, out=None):
    """Run it, and return what it printed."""
    out = out or StringIO()
    call_command("jobs", "top", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def press(desk, *keys):
    """Press keys as if each came after a look. Returns the last foot."""
    for key in keys:
        desk.press(key, look(desk.words, desk.order))
    return desk.foot()[0].text


def place(job_id):
    return inspect.find(job_id).place


def is_paused(queue):
    return {each.name: each.is_paused for each in inspect.queues()}[queue]


# What is printed


def test_one_picture_is_printed_where_there_is_no_terminal(store):
    [job_id] = run(store, ("tests.AnyJob", 90, "mine", {"args": [7]}), host="web1")
    measure(store, "tests.AnyJob", [2.0] * 50)

    told = top()

    assert told.count("Per second") == 1
    assert "1 of 5 threads busy" in told
    [line] = [line for line in told.splitlines() if job_id in line]
    assert line.split("  ")[:2] == ["tests.AnyJob", "7"]
    assert "1 min !" in line
    assert "2.0 s, 95 %: 2.5 s" in line
    assert "\x1b" not in told


def test_looks_are_printed_as_often_as_asked(store):
    beat(store)

    assert top("--times", "2", "--every", "0.001").count("Per second") == 2


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "1e300", "soon"])
def test_time_that_is_none_is_refused_with_an_example(seconds):
    with pytest.raises(CommandError, match="no number of seconds above 0, such as 2"):
        top(f"--every={seconds}")


def test_secrets_and_control_characters_are_not_printed(store):
    words = {"kwargs": {"password": "hunter2", "n": "\x1b[2J"}}
    run(store, ("tests.AnyJob\x1b]0;x\x07", 9, "mine", words))

    told = top()

    assert '"n":"' in told
    assert "hunter2" not in told
    assert all(character.isprintable() for line in told.split("\n") for character in line)


def test_no_worker_and_no_redis_are_said(settings):
    assert "No worker is running" in top()
    settings.JOBS = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
    assert "cannot be used" in top()


def test_terminal_is_left_as_it_was_also_after_an_interruption(monkeypatch):
    class Terminal(StringIO):
        def isatty(self):
            return True

    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupt)
    told = top(out=Terminal())

    assert told.startswith(live_terminal.ENTER)
    assert told.endswith(live_terminal.LEAVE)
    assert live_terminal.END_OF_PAGE in told


def test_picture_fits_the_screen_and_shows_the_chosen_rows(store):
    run(store, *(("tests.AnyJob", 500 - n, "mine", {}) for n in range(60)))
    for n in range(40):
        put(store, "ready", f"queue{n:02}")
    seen = look()
    job_id = seen.at_work.jobs[50].running.job_id

    lines = list(picture(seen, Room.on(30, seen), "queue30", ""))
    among_jobs = list(picture(seen, Room.on(30, seen), "", job_id))

    assert len(lines) <= 28
    assert [line.text.split()[0] for line in lines if line.is_chosen] == ["queue30"]
    [chosen] = [line.text for line in among_jobs if line.is_chosen]
    assert chosen.endswith(job_id)
    assert any("of 60" in line.text for line in lines)


# What keys do


def test_sort_key_goes_through_all_orders(store):
    desk = Desk()

    orders = []
    for _ in inspect.ORDERS:
        press(desk, "s")
        orders.append(desk.order)

    assert sorted(orders) == sorted(inspect.ORDERS)
    assert desk.wants_look


def test_filter_is_typed_mended_kept_and_taken_back(store):
    run(store, ("tests.SlowJob", 9, "mine", {}), ("tests.AnyJob", 5, "mine", {}))
    desk = Desk()

    assert press(desk, "/", "s", "l", "p", "backspace").endswith("id: sl_")
    assert "with: sl" in press(desk, "enter")
    assert [job.job_class for job in look(desk.words).at_work.jobs] == ["tests.SlowJob"]
    press(desk, "escape")
    assert (desk.words, desk.has_ended) == ("", False)
    press(desk, "/", "q", "escape")
    assert (desk.words, desk.has_ended) == ("", False)


def test_arrows_choose_a_row_and_stop_at_the_ends(store):
    run(store, ("tests.AnyJob", 9, "mine", {}), ("tests.AnyJob", 5, "mine", {}))
    desk, seen = Desk(), look()
    names = [queue.name for queue in seen.queues]
    ids = [job.running.job_id for job in seen.at_work.jobs]

    assert desk.chosen(seen) == (names[0], "")
    press(desk, *["down"] * 10)
    assert desk.chosen(seen) == (names[-1], "")
    press(desk, "up", "k", *["up"] * 10, "tab")
    assert desk.chosen(seen) == ("", ids[0])
    press(desk, "j", "down")
    assert desk.chosen(seen) == ("", ids[1])


def test_chosen_row_that_is_gone_leads_to_the_first(store):
    run(store, ("tests.AnyJob", 9, "mine", {}), ("tests.AnyJob", 5, "mine", {}))
    desk = Desk()
    press(desk, "tab", "down")
    [left] = run(store, ("tests.AnyJob", 9, "mine", {}))

    assert desk.chosen(look()) == ("", left)


def test_queue_is_paused_and_resumed_after_a_yes(store, settings):
    settings.JOBS = {**settings.JOBS, "QUEUES": ["mine"]}
    put(store, "ready", "mine")
    desk = Desk()

    assert press(desk, "p") == "Pause queue mine? What runs goes on. y/n"
    assert press(desk, "n") == "Nothing was changed."
    assert not is_paused("mine")
    assert press(desk, "p", "y") == "Queue mine is paused."
    assert is_paused("mine")
    assert press(desk, "p", "y") == "Workers take jobs from queue mine again."
    assert not is_paused("mine")


@pytest.mark.parametrize(
    ("key", "name", "question"),
    [
        ("r", "retry", "Retry now 1 job in the retry set of queue mine? y/n"),
        ("R", "dead", "Retry now 1 job in the dead set of queue mine? y/n"),
    ],
)
def test_jobs_of_one_queue_are_retried_after_a_yes(store, settings, key, name, question):
    settings.JOBS = {**settings.JOBS, "QUEUES": ["mine"]}
    wanted, other = put(store, name, "mine", at=4e9), put(store, name, "other", at=4e9)
    run(store, ("tests.AnyJob", 9, "mine", {}))
    desk = Desk()

    assert press(desk, "tab", key) == question
    assert place(wanted) == name
    assert press(desk, "y") == "1 job made ready."
    assert (place(wanted), place(other)) == ("ready", name)
    assert press(desk, key) == f"No job is in the {name} set of queue mine."


def test_dead_job_whose_unique_key_is_taken_stays_and_is_told_of(store, settings):
    settings.JOBS = {**settings.JOBS, "QUEUES": ["default"]}
    dead = dead_job(store)
    PlaceJob.enqueue(1)
    desk = Desk()

    told = press(desk, "R", "y")

    assert told == "0 jobs made ready. 1 job not: another job holds the unique key."
    assert place(dead) == "dead"


def test_running_job_is_cancelled_after_a_yes(store):
    [job_id] = run(store, ("tests.AnyJob", 9, "mine", {}))
    desk = Desk()

    assert press(desk, "c") == "Choose a running job first: Tab leads to them."
    assert press(desk, "tab", "c") == f"Cancel tests.AnyJob {job_id}? y/n"
    assert press(desk, "y").startswith("The worker was asked to cancel it.")
    assert Requests(store).take(WORKER) == [f"cancel {job_id}"]


def test_job_that_ended_meanwhile_is_not_cancelled(store):
    [job_id] = run(store, ("tests.AnyJob", 9, "mine", {}))
    desk = Desk()
    press(desk, "tab", "c")
    store.client.hdel(store.keys("mine").running, job_id)

    assert press(desk, "y") == "The job does not run any more."
    assert Requests(store).take(WORKER) == []


def test_change_that_redis_refuses_is_told_of(store, settings):
    settings.JOBS = {**settings.JOBS, "QUEUES": ["mine"]}
    put(store, "ready", "mine")
    desk = Desk()
    press(desk, "p")
    store.client.set(store.keys("mine").meta, "x")

    assert "doctor" in press(desk, "y")


def test_redis_that_is_away_is_told_of_and_ends_nothing(settings):
    settings.JOBS = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
    desk = Desk()

    press(desk, "p", "r", "R", "c", "up", "down", "tab", "c", "s", "/", "x", "enter")

    assert not desk.has_ended
    assert desk.foot()[1].text == HELP


@pytest.mark.parametrize("keys", [["q"], ["end"], ["/", "end"]])
def test_end_is_heard_at_every_place(store, keys):
    desk = Desk()
    press(desk, *keys)

    assert desk.has_ended
