"""Rule: clocks differ from that of Redis."""

import time
from types import SimpleNamespace

import pytest

from jobs.inspect.problems import facts
from tests.jobs.inspect.filling import beat, push


def test_a_host_with_a_wrong_clock_is_told_once_since_it_was_first_seen(store, judge):
    push(store)
    now = time.time()
    for name, since in (("one", now - 90), ("two", now - 70)):
        beat(store, name, host="h7", beat_at=now + 40, started_at=now, apart_since=since)

    found = judge()

    assert list(found) == ["clock_apart:h7"]
    problem = found["clock_apart:h7"]
    assert problem.reason == "The clock of h7 is 40 seconds ahead of the clock of Redis."
    assert time.time() - problem.since.timestamp() == pytest.approx(90, abs=2)


def test_a_heartbeat_that_came_late_says_nothing_of_the_clock(store, judge):
    push(store)
    beat(store, beat_at=time.time() - 20)

    assert judge() == {}


def test_the_clock_of_this_process_is_compared_too(store, judge, monkeypatch):
    push(store)
    beat(store)
    slow = SimpleNamespace(time=lambda: time.time() - 600)
    monkeypatch.setattr(facts, "time", slow)

    [problem] = judge().values()

    assert problem.kind == "clock_apart"
    assert "10 minutes behind" in problem.reason
    assert problem.since is None
