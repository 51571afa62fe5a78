"""Chores: one that fails is logged once, and harms no other."""

import os
import threading

import pytest

from jobs.chore import Chore, FeatureChore, Place, bring, take_away
from jobs.errors import StoreUnavailable
from jobs.worker.chores import Chores, ChoresThread
from jobs.worker.guard import Guard
from tests.jobs.worker.forking import exit_code
from tests.jobs.worker.small_worker import make_worker
from tests.waiting import wait_until


def fail() -> None:
    raise TypeError("no such thing")


def leave() -> None:
    raise SystemExit(3)


def be_away() -> None:
    raise StoreUnavailable("redis://nowhere", "refused")


def test_failure_is_logged_once_until_it_succeeds(caplog):
    guard = Guard(worker="w")

    assert [guard("beat", fail) for _ in range(3)] == ["failed"] * 3
    assert caplog.text.count("worker.chore_failed worker=w chore=beat") == 1
    assert guard("beat", lambda: None) == "done"
    assert guard("beat", fail) == "failed"

    assert caplog.text.count("worker.chore_failed worker=w chore=beat") == 2


def test_absent_redis_is_told_and_not_logged(caplog):
    told = []

    assert Guard(lambda: told.append(1))("beat", be_away) == "away"

    assert told == [1]
    assert "chore_failed" not in caplog.text


def test_chore_that_fails_keeps_no_other_from_its_turn():
    done = []
    chores = Chores([Chore("a", 0.0, fail), Chore("b", 0.0, lambda: done.append("b"))], Guard())

    chores.do_due()
    chores.do_due()

    assert done == ["b", "b"]


def test_chore_that_asks_for_the_end_of_the_process_ends_nothing(caplog):
    done = []
    chores = Chores([Chore("a", 0.0, leave), Chore("b", 0.0, lambda: done.append("b"))], Guard())

    chores.do_due()

    assert done == ["b"]
    assert "worker.chore_failed chore=a error=3" in caplog.text


def test_chore_is_done_when_its_time_has_come():
    done = []
    chores = Chores([Chore("a", 3600.0, lambda: done.append("a"))], Guard())

    chores.do_due()
    chores.do_due()
    assert done == ["a"]
    chores.hasten()
    chores.do_due()

    assert done == ["a", "a"]


@pytest.mark.parametrize(
    ("how", "code"), [(None, 1), (ValueError("no such program"), 1), (SystemExit(7), 7)]
)
def test_child_of_a_chore_that_comes_back_is_ended(how, code):
    """It did the chores of the worker for ever, even when that had ended."""
    children, pid = [], os.getpid()

    def fork() -> None:
        if child := os.fork():
            children.append(child)
        elif how:
            raise how

    verdict = Guard()("fork", fork)
    if os.getpid() != pid:
        os._exit(99)

    assert verdict == "done"
    assert exit_code(children[0]) == code


def test_thread_says_farewell_once_and_ends():
    said = []
    thread = ChoresThread(Chores([], Guard()), 0.001)
    thread.start()
    wait_until(lambda: thread.turns > 2)

    thread.end(lambda: said.append("farewell"), 5)

    assert said == ["farewell"]
    assert not thread.is_alive()


def test_farewell_that_hangs_is_not_waited_for():
    never = threading.Event()
    thread = ChoresThread(Chores([], Guard()), 0.001)
    thread.start()

    thread.end(lambda: never.wait(10), 0.05)

    assert thread.is_alive()
    never.set()
    thread.join(5)


def test_slow_chore_of_a_project_keeps_no_chore_of_the_worker_waiting(store, worker_settings):
    begun, may_end = threading.Event(), threading.Event()

    def be_slow(store: object) -> None:
        begun.set()
        may_end.wait(10)

    slow = FeatureChore(Place.WORKER, "slow", every=1.0, do=be_slow)
    bring(slow)
    try:
        worker = make_worker(worker_settings)
    finally:
        take_away(slow)

    worker._chores.start()
    worker._brought.start()
    assert begun.wait(5)
    turns = worker._chores.turns
    wait_until(lambda: worker._chores.turns > turns + 2)

    assert worker._brought.turns == 0
    may_end.set()
    worker._brought.end(lambda: None, 5)
    worker._chores.end(lambda: None, 5)
    worker._store.close()


def test_thread_is_not_needed_where_a_project_brings_no_chore(store, worker_settings, monkeypatch):
    monkeypatch.setattr("jobs.chore._brought", {})
    worker = make_worker(worker_settings)

    assert worker._chores.has_chores
    assert not worker._brought.has_chores
    worker._store.close()


def right(store: object) -> None:
    """Do nothing."""


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"place": "worker"}, "chore 'sweep': place must be a jobs.chore.Place, not 'worker'"),
        ({"name": ""}, "a chore needs a name, not ''"),
        ({"every": "60"}, "chore 'sweep': every must be a number of seconds, not '60'"),
        ({"every": -1}, "chore 'sweep': every must be a number of seconds, not -1"),
        ({"every": float("nan")}, "chore 'sweep': every must be a number of seconds, not nan"),
        ({"longest": None}, "chore 'sweep': longest must be a number of seconds, not None"),
        ({"do": 3}, "chore 'sweep': do must be a function of a store, not 3"),
    ],
)
def test_wrong_chore_fails_where_it_is_written(wrong, message):
    fields = {"place": Place.WORKER, "name": "sweep", "every": 60.0, "do": right, "longest": 0.5}

    with pytest.raises(TypeError) as caught:
        FeatureChore(**{**fields, **wrong})

    assert message in str(caught.value)


def test_what_is_no_chore_is_refused():
    with pytest.raises(TypeError, match=r"bring\(\) takes values of jobs.chore.FeatureChore, not"):
        bring(right)
