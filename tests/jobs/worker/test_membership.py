"""The names of a process in its queues, and the clock of each."""

import pytest

from jobs.worker.board import Board
from jobs.worker.membership import Membership

HOUR = 3600.0


@pytest.fixture
def clock(monkeypatch):
    """Return a clock in a list, which the test sets."""
    now = [1000.0]
    monkeypatch.setattr("jobs.worker.membership.uptime", lambda: now[0])
    return now


@pytest.fixture
def board():
    return Board(2)


@pytest.fixture
def membership(board):
    return Membership(("a", "b"), "w", board)


def test_every_queue_begins_under_the_name_of_the_supervisor(membership):
    assert membership.name_in("a") == membership.name_in("b") == "w"
    assert membership.lapsed_in("a") == ()


def test_name_lapses_in_one_queue_only(membership):
    assert membership.take_new_name("a") == "w"

    assert (membership.name_in("a"), membership.name_in("b")) == ("w.1", "w")
    assert list(membership.lapsed_in("a")) == ["w"]
    assert membership.lapsed_in("b") == ()


def test_no_name_is_ever_used_again_in_whichever_queue(membership, board):
    lapsed = [membership.take_new_name(queue) for queue in ("a", "b", "a")]

    assert lapsed == ["w", "w", "w.1"]
    assert (membership.name_in("a"), membership.name_in("b")) == ("w.3", "w.2")
    assert list(membership.lapsed_in("a")) == ["w", "w.1"]
    assert board.generation == 3


def test_redis_knows_us_when_we_joined_and_not_under_a_new_name(membership):
    assert not membership.has_joined("a")
    membership.join("a", 1)
    assert (membership.has_joined("a"), membership.has_joined("b")) == (True, False)

    membership.take_new_name("a")

    assert not membership.has_joined("a")


def test_clock_of_redis_is_told_ahead_whatever_our_own_says(membership, clock):
    membership.join("a", 1_700_000_000_000)
    clock[0] += 10

    assert membership.clock_in("a", 0) == 1_700_000_010_000
    assert membership.clock_in("a", 2.5) == 1_700_000_012_500


def test_each_queue_has_a_clock_of_its_own_which_is_set_right_by_each_answer(membership, clock):
    membership.join("a", 1_000_000)
    membership.join("b", 9_000_000)
    membership.join("a", 2_000_000)

    assert (membership.clock_in("a", 1), membership.clock_in("b", 1)) == (2_001_000, 9_001_000)
