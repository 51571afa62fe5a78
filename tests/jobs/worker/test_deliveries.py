"""Endings that Redis did not take.

They are kept and sent again, and none is in the way of another.
"""

import pytest

from jobs.errors import StoreUnavailable
from jobs.worker.custody import Custody, Delivery
from jobs.worker.deliveries import Deliveries
from tests.jobs.worker.hands import Hands
from tests.jobs.worker.made_jobs import push

sent: list[str] = []
outages: list[str] = []


@pytest.fixture
def endings(store, monkeypatch) -> Deliveries:
    sent.clear()
    outages.clear()
    monkeypatch.setattr("jobs.worker.deliveries.PAUSE_AWAY", 0.0)
    monkeypatch.setattr("jobs.worker.deliveries.PAUSE_REFUSED", 0.0)
    return Deliveries(store, Custody(), lambda: outages.append("noted"))


@pytest.fixture
def units(store, worker_settings):
    push(store, count=3)
    return Hands(store, worker_settings).fetch(3).units


def ending_of(unit, name, *answers):
    """Make an ending that gives these answers, one for each time it is sent."""
    left = list(answers)

    def send():
        sent.append(name)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Delivery([unit], send)


def test_refused_ending_keeps_no_other(endings, units):
    refused = RuntimeError("WRONGTYPE of this queue's dead set")
    endings.owe(ending_of(units[0], "refused", refused, refused, True))
    endings.owe(ending_of(units[1], "second", True))
    endings.owe(ending_of(units[2], "third", True))

    endings.send_again()
    assert sent == ["refused", "second", "third"]
    endings.send_again()
    endings.send_again()

    assert sent == ["refused", "second", "third", "refused", "refused"]
    assert endings.is_empty
    assert outages == []


def test_redis_that_is_away_is_asked_no_more_for_now(endings, units):
    away = StoreUnavailable("redis://away", "it sleeps")
    endings.owe(ending_of(units[0], "first", away, True))
    endings.owe(ending_of(units[1], "second", True))

    endings.send_again()
    assert (sent, outages) == (["first"], ["noted"])
    endings.send_again()

    assert sorted(sent) == ["first", "first", "second"]
    assert endings.is_empty


def test_ending_that_is_sent_again_may_be_nobodys_without_a_word(endings, units, caplog):
    """The answer "no" may come to a second attempt.

    The first, whose answer was lost, may have done it.
    """
    endings.record(ending_of(units[0], "lost", StoreUnavailable("redis://away", "it broke"), False))

    endings.send_again()

    assert endings.is_empty
    assert "worker.lost_jobs" not in caplog.text


def test_first_ending_that_is_nobodys_is_told(endings, units, caplog):
    endings.record(ending_of(units[0], "late", False))

    assert "worker.lost_jobs" in caplog.text
    assert units[0].id in caplog.text


def test_many_endings_are_sent_in_several_goes(endings, units, monkeypatch):
    """A slow Redis once kept the chores for minutes.

    The process was taken for broken then.
    """
    monkeypatch.setattr("jobs.worker.deliveries.LONGEST_GO", -1.0)
    for unit, name in zip(units, ("first", "second", "third"), strict=True):
        endings.owe(ending_of(unit, name, True))

    endings.send_again()
    assert sent == ["first"]
    endings.send_again()
    endings.send_again()

    assert sent == ["first", "second", "third"]
    assert endings.is_empty


def test_refusal_is_told_once(endings, units, caplog):
    refused = RuntimeError("READONLY")
    endings.record(ending_of(units[0], "refused", refused, refused, True))

    endings.send_again()
    endings.send_again()

    assert caplog.text.count("worker.ending_refused") == 1
    assert endings.is_empty


def test_ending_that_comes_while_others_are_sent_waits_for_its_turn(endings, units):
    """Another thread fails to send it meanwhile.

    The list was once built anew at such a moment, and the ending was lost.
    """
    late = ending_of(units[1], "late", True)
    slow = ending_of(units[0], "slow", True)

    def send():
        endings.owe(late)
        return slow.send()

    endings.owe(Delivery([units[0]], send))
    endings.owe(ending_of(units[2], "next", True))

    endings.send_again()
    assert not endings.is_empty
    endings.send_again()

    assert sent == ["slow", "next", "late"]
    assert endings.is_empty
