"""What a worker knows of where there may be work."""

import pytest

from jobs.worker.catch import Catch
from jobs.worker.prospect import Prospect
from jobs.worker.unit import Unit

UNIT = Unit("high", "w", "a", b"", 1)
HEARTBEAT = 5.0


@pytest.fixture
def clock(monkeypatch):
    """Return a clock in a list, which the test sets."""
    now = [1000.0]
    monkeypatch.setattr("jobs.worker.prospect.time.monotonic", lambda: now[0])
    return now


@pytest.fixture
def prospect():
    """Return one of a worker that has looked everywhere and found nothing."""
    prospect = Prospect(HEARTBEAT)
    prospect.may_find = False
    prospect.note_fetch(Catch(), None)
    return prospect


def where(prospect):
    """Return what the next fetch is to ask.

    None stands for every queue, an empty set for none.
    """
    return prospect.only if prospect.may_find else frozenset()


def test_it_begins_by_looking_everywhere():
    assert where(Prospect(HEARTBEAT)) is None


def test_fetch_that_left_nothing_has_nothing_follow(prospect):
    prospect.note_fetch(Catch(units=[UNIT]), None)

    assert where(prospect) == frozenset()


@pytest.mark.parametrize("catch", [Catch(more={"low"}), Catch(is_unsure=True)])
def test_fetch_that_left_something_has_every_queue_asked(prospect, catch):
    prospect.note_fetch(catch, None)

    assert where(prospect) is None


def test_what_was_noted_during_a_fetch_outlives_it(prospect):
    prospect.note_anywhere()

    prospect.note_fetch(Catch(), None)

    assert where(prospect) is None


# Sleeps


def test_sleep_that_found_more_has_only_those_queues_asked(prospect):
    prospect.note_sleep(Catch(more={"low"}))

    assert where(prospect) == {"low"}


def test_sleep_that_is_unsure_has_every_queue_asked(prospect):
    prospect.note_sleep(Catch(more={"low"}, is_unsure=True))

    assert where(prospect) is None


def test_sleep_narrows_no_wider_look_that_is_due(prospect):
    prospect.note_anywhere()

    prospect.note_sleep(Catch(more={"low"}))

    assert where(prospect) is None


def test_second_narrow_look_is_wide_again_when_the_first_left_something(prospect):
    prospect.note_sleep(Catch(more={"low"}))
    prospect.may_find = False  # the fetch is under way

    prospect.note_fetch(Catch(units=[UNIT], more={"low"}), frozenset({"low"}))

    assert where(prospect) is None


def test_heard_bells_are_added_up_and_taken_once(prospect):
    prospect.note_sleep(Catch(heard={"low"}))
    prospect.note_sleep(Catch(heard={"lower"}))

    assert prospect.take_heard() == {"low", "lower"}
    assert prospect.take_heard() == set()


# Times


def test_sleep_lasts_until_the_next_job_is_due_and_no_longer_than_asked(prospect, clock):
    assert prospect.seconds() == HEARTBEAT

    prospect.note_fetch(Catch(next_due=60.0), None)
    assert prospect.seconds() == HEARTBEAT

    prospect.note_fetch(Catch(next_due=2.0), None)
    clock[0] += 0.5
    assert prospect.seconds() == 1.5


def test_fetch_from_every_queue_forgets_an_earlier_time(prospect, clock):
    prospect.note_fetch(Catch(next_due=1.0), None)

    prospect.note_fetch(Catch(next_due=3.0), None)

    assert prospect.seconds() == 3.0


@pytest.mark.parametrize("note", ["sleep", "fetch from one queue"])
def test_what_saw_some_queues_only_puts_no_time_off(prospect, clock, note):
    prospect.note_fetch(Catch(next_due=1.0), None)

    if note == "sleep":
        prospect.note_sleep(Catch(next_due=3.0))
    else:
        prospect.note_fetch(Catch(next_due=3.0), frozenset({"low"}))

    assert prospect.seconds() == 1.0


def test_sleep_at_whose_end_something_is_due_has_every_queue_asked(prospect, clock):
    prospect.note_fetch(Catch(next_due=1.0), None)
    clock[0] += 1.0

    prospect.note_sleep(Catch())

    assert where(prospect) is None
