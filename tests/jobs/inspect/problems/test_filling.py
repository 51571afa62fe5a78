"""Rule: a queue with a limit is full, or nearly."""

import time

import pytest

from jobs import control
from jobs.store.alarms import Alarms, Note
from tests.jobs.inspect.filling import beat, push, put


@pytest.fixture(autouse=True)
def ten(store, settings):
    settings.JOBS = {**settings.JOBS, "QUEUE_LIMITS": {"default": 10}}
    beat(store)


def fill(store, count, place="scheduled"):
    for _ in range(count):
        put(store, place, at=time.time() + 3_600)


def test_a_queue_that_is_full_is_a_problem(store, judge):
    push(store, count=6)
    fill(store, 4)

    found = judge()

    assert list(found) == ["queue_full:default"]
    problem = found["queue_full:default"]
    assert problem.reason == (
        "Queue default is full: it holds 10 of at most 10 jobs. "
        "New ones are refused with QueueFull."
    )
    assert problem.remedy == "Start more workers, or raise its limit in JOBS['QUEUE_LIMITS']."
    assert problem.where == "queues/default/"


def test_one_that_is_nearly_full_is_too(store, judge):
    fill(store, 9)

    assert judge()["queue_full:default"].reason == (
        "Queue default is nearly full: it holds 9 of at most 10 jobs."
    )


@pytest.mark.parametrize(
    ("place", "told"), [("scheduled", "scheduled for later"), ("retry", "another attempt")]
)
def test_what_fills_a_queue_decides_what_helps(store, judge, place, told):
    push(store, count=4)
    fill(store, 6, place)

    remedy = judge()["queue_full:default"].remedy

    assert told in remedy
    assert "Start more workers" not in remedy


def test_full_queue_that_is_paused_needs_to_be_resumed(store, judge):
    push(store, count=10)
    control.pause("default")

    assert "Resume it" in judge()["queue_full:default"].remedy


def test_room_is_no_problem_and_neither_is_what_has_ended(store, judge):
    fill(store, 8)
    for _ in range(5):
        put(store, "dead", at=time.time() - 7_200)

    assert judge() == {}


def test_one_that_was_told_of_ends_five_percent_lower(store, judge, settings):
    settings.JOBS = {**settings.JOBS, "QUEUE_LIMITS": {"default": 100}}
    fill(store, 78)
    assert judge() == {}

    now = time.time()
    Alarms(store).keep({"queue_full:default": Note(now - 60, now)})

    assert list(judge()) == ["queue_full:default"]


def test_other_queues_may_hold_any_number(store, judge, settings):
    settings.JOBS = {**settings.JOBS, "QUEUE_LIMITS": {"imports": 1}}
    fill(store, 20)

    assert judge() == {}
