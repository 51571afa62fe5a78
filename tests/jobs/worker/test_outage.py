"""An absent Redis as the buffer sees it."""

import pytest

from jobs.errors import StoreUnavailable
from jobs.worker.outage import PAUSES, Outage

AWAY = StoreUnavailable("redis://nowhere", "refused")


@pytest.fixture
def clock(monkeypatch):
    """Return a clock in a list, which the test sets."""
    now = [1000.0]
    monkeypatch.setattr("jobs.worker.outage.time.monotonic", lambda: now[0])
    return now


def test_redis_that_is_there_is_asked_at_once(clock):
    outage = Outage()

    assert outage.may_try()
    assert outage.pause == 0


def test_pauses_grow_to_the_longest(clock):
    outage, pauses = Outage(), []
    for _ in range(7):
        outage.note("w", AWAY)
        pauses.append(outage.pause)

    assert pauses == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert (pauses[0], pauses[-1]) == PAUSES


def test_redis_is_asked_again_when_the_pause_is_over(clock):
    outage = Outage()
    outage.note("w", AWAY)
    assert not outage.may_try()

    clock[0] += PAUSES[0]

    assert outage.may_try()


def test_outage_is_told_once(clock, caplog):
    outage = Outage()
    for _ in range(3):
        outage.note("w", AWAY)

    assert caplog.text.count("worker.redis_away worker=w") == 1


def test_outage_after_an_answer_is_told_again_and_pauses_shortly(clock, caplog):
    outage = Outage()
    for _ in range(3):
        outage.note("w", AWAY)
    outage.end()
    assert outage.pause == 0

    outage.note("w", AWAY)

    assert outage.pause == PAUSES[0]
    assert caplog.text.count("worker.redis_away") == 2


@pytest.mark.parametrize(
    ("error", "is_shown"), [(AWAY, False), (None, False), (ValueError("odd answer"), True)]
)
def test_only_what_nobody_expected_shows_where_it_was_raised(clock, caplog, error, is_shown):
    Outage().note("w", error)

    [record] = [r for r in caplog.records if "worker.redis_away" in r.getMessage()]
    assert bool(record.exc_info) is is_shown
