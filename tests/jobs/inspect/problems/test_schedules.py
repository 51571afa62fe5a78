"""Rule: a schedule has had no success for too long."""

import sys
import time

import pytest

from jobs import control
from jobs.inspect import get_reader
from jobs.store.schedule_records import read_schedules
from jobs.store.schedules import Opening, Schedules, Shot
from tests.jobs.inspect.filling import beat
from tests.jobs.store.sample_queue import raw_payload

NAME, MINUTE = "tests.AJob", 60_000


@pytest.fixture
def desk(store):
    """Return a desk with one schedule of every minute.

    It was opened an hour ago, and has a margin of five minutes.
    """
    beat(store)
    desk = Schedules(store)
    start = int(store.now() * 1000) - 60 * MINUTE
    opening = Opening(NAME, "default", 1, "s", "c", start, start + MINUTE, MINUTE, 5 * MINUTE)
    desk.open([opening], {})
    desk.announce(1, [(NAME, "default", "")])
    desk.start = start
    return desk


def fire(desk, ago, **changes):
    """Fire the tick of so many minutes ago."""
    [cursor] = desk.cursors("default", [NAME])
    tick = desk.start + (60 - ago) * MINUTE
    fields = {"spec": "s", "overlap": "allow", "priority": 0, "due": 0, **changes}
    job_id = f"job-{ago}"
    times = {"cursor": cursor, "tick": tick, "next": tick + MINUTE}
    payload = raw_payload(job_id, queue="default")
    desk.fire("default", Shot(name=NAME, job_id=job_id, payload=payload, **times, **fields))
    return tick


def missing(judge):
    return [name for name in judge() if name.startswith("schedule_missed")]


def test_schedule_that_nobody_fires_is_missing_after_its_margin(desk, judge):
    problem = judge()[f"schedule_missed:{NAME}"]

    assert "Nobody has fired" in problem.reason
    assert problem.where == f"schedules/{NAME}/"
    assert time.time() - problem.since.timestamp() == pytest.approx(54 * 60, abs=5)


@pytest.mark.parametrize(("ago", "is_missing"), [(4, False), (7, True)])
def test_run_without_success_is_missing_after_the_margin(desk, judge, ago, is_missing):
    fire(desk, ago)
    if ago > 1:
        fire(desk, 1)

    found = judge()

    assert (f"schedule_missed:{NAME}" in found) is is_missing
    if is_missing:
        assert "has had no success" in found[f"schedule_missed:{NAME}"].reason


def test_success_of_the_last_run_is_all_well(desk, judge):
    tick = fire(desk, 1)
    desk.note_run("default", NAME, tick, "job-1", "done", is_success=True)

    assert missing(judge) == []


def test_run_may_take_as_long_as_the_last_one_did(desk, judge, store):
    tick = fire(desk, 20)
    keys = store.keys("default")
    store.client.hset(keys.schedules, f"begun:{NAME}", int(store.now() * 1000) - 20 * MINUTE)
    desk.note_run("default", NAME, tick, "job-20", "done", is_success=True)
    fire(desk, 10)
    fire(desk, 1)

    assert missing(judge) == []


def test_paused_schedule_and_paused_queue_and_one_that_rests_miss_nothing(desk, judge):
    desk.pause("default", NAME)
    assert missing(judge) == []
    desk.resume("default", NAME)
    assert missing(judge) != []

    control.pause("default")
    assert missing(judge) == []
    control.resume("default")

    desk.announce(2, [])
    assert missing(judge) == []


@pytest.mark.parametrize(("is_on", "is_missing"), [("on", True), ("off", False)])
def test_schedule_of_the_database_whose_class_is_gone_is_missing(
    judge, store, desk, is_on, is_missing
):
    name = f"{NAME}:db.nightly"
    start = desk.start
    opening = Opening(name, "default", 1, "s", "c", start, start + MINUTE, MINUTE, 5 * MINUTE)
    desk.open([opening], {})
    home = {f"queue:{name}": "default", f"kept:{name}": f"1 {is_on} {{}}", "classes": ""}
    store.client.hset(store.shared.schedules, mapping=home)
    resting = [each.name for each in read_schedules(get_reader()) if each.is_resting]
    assert resting == [name]

    found = judge()

    assert (f"schedule_missed:{name}" in found) is is_missing
    if is_missing:
        problem = found[f"schedule_missed:{name}"]
        assert f"have no job class {NAME} that people may schedule" in problem.reason
        assert problem.where == "schedules/tests.AJob%3Adb.nightly/"


def test_project_without_schedules_is_not_asked_about_them(judge, store, monkeypatch):
    beat(store)
    monkeypatch.setattr(sys.modules["jobs.inspect.problems.facts"], "records", None)

    assert missing(judge) == []
