"""The rounds of a supervisor: leases first, whatever a chore does.

No chore may end the rounds or keep them.
"""

import time

import pytest

from jobs.chore import Chore, FeatureChore, Place, bring, brought_to, take_away
from jobs.errors import StoreUnavailable
from jobs.store.bounded import time_limit
from jobs.worker.rounds import RENEW_AGAIN_AFTER, Rounds

HEARTBEAT = 3600.0


class Round:
    """A supervisor's rounds, and what was done in them."""

    def __init__(self, *chores: Chore, is_well=True, heartbeat=HEARTBEAT) -> None:
        self.done: list[str] = []
        self.is_well = is_well
        self.calls = False
        self.rounds = Rounds(self.renew, heartbeat, chores)

    def renew(self) -> bool:
        self.done.append("renew")
        if isinstance(self.is_well, Exception):
            raise self.is_well
        return self.is_well

    def go(self, seconds: float = 10.0, *, is_stopping: bool = False) -> list[str]:
        self.done.clear()
        until = time.monotonic() + seconds
        self.rounds.go(until, lambda: self.calls, is_stopping=is_stopping)
        return list(self.done)


def chore(name: str, each: list, every: float = 0.0, **options) -> Chore:
    return Chore(name, every, lambda: each[0].done.append(name), **options)


def round_of(*names: str, is_well=True, heartbeat=HEARTBEAT, **options) -> Round:
    each: list[Round] = []
    made = Round(*(chore(n, each, **options) for n in names), is_well=is_well, heartbeat=heartbeat)
    each.append(made)
    return made


def test_leases_come_first_and_then_the_chores_in_their_order():
    a_round = round_of("recover", "recall")

    assert a_round.go() == ["renew", "recover", "recall"]
    assert a_round.go() == ["recover", "recall"]  # the leases are not due again


def test_chore_waits_for_its_period():
    a_round = round_of("recall", every=HEARTBEAT)

    assert a_round.go() == ["renew", "recall"]
    assert a_round.go() == []
    assert a_round.rounds.next_at > time.monotonic() + HEARTBEAT / 2


@pytest.mark.parametrize("is_well", [False, StoreUnavailable("r", "away"), ValueError("odd")])
def test_patient_chore_is_left_out_where_the_renewal_failed_and_no_other(is_well, caplog):
    a_round = round_of("schedules", is_well=is_well, is_patient=True)

    assert a_round.go() == ["renew"]
    assert a_round.rounds._renewal.next_at <= time.monotonic() + RENEW_AGAIN_AFTER
    a_round.is_well = True
    a_round.rounds._renewal.next_at = a_round.rounds._chores[0].next_at = 0.0
    assert a_round.go() == ["renew", "schedules"]
    assert round_of("recover", is_well=is_well).go() == ["renew", "recover"]


def test_patient_chore_is_left_out_when_the_renewal_came_late():
    a_round = round_of("schedules", is_patient=True, heartbeat=0.1)
    a_round.rounds._renewal.next_at = time.monotonic() - 0.1

    assert a_round.go() == ["renew"]


def test_patient_chore_is_left_out_of_a_stop_and_lets_the_supervisor_sleep():
    a_round = round_of("schedules", is_patient=True, every=0.001)

    assert a_round.go(is_stopping=True) == ["renew"]
    assert a_round.rounds.next_at > time.monotonic()


def test_signal_ends_a_round_at_once():
    a_round = round_of("recover")
    a_round.calls = True

    assert a_round.go() == []


def test_chore_that_fails_is_logged_once_and_done_again(caplog):
    def fail() -> None:
        raise TypeError("no such thing")

    a_round = Round(Chore("recall", 0.0, fail))

    a_round.go()
    a_round.go()

    assert caplog.text.count("worker.chore_failed") == 1


def test_calls_of_a_chore_end_with_its_own_time_or_that_of_the_round():
    seen: list[float] = []

    def look() -> None:
        assert time_limit.deadline is not None
        seen.append(time_limit.deadline - time.monotonic())

    Round(Chore("quick", 0.0, look, longest=0.5), Chore("recover", 0.0, look)).go(7.0)
    Round(Chore("quick", 0.0, look, longest=0.5)).go(0.1)

    assert [round(seconds, 1) for seconds in seen] == [0.5, 7.0, 0.1]
    assert time_limit.deadline is None


def test_feature_brings_a_chore_to_one_kind_of_process_and_takes_it_away(monkeypatch):
    monkeypatch.setattr("jobs.chore._brought", {})
    stores: list[object] = []
    before = [chore.name for chore in brought_to(Place.SUPERVISOR, lambda: "store")]
    brought = FeatureChore(Place.SUPERVISOR, "schedules", 1.0, stores.append)
    bring(brought)
    try:
        assert brought_to(Place.WORKER, lambda: "store") == []
        *others, made = brought_to(Place.SUPERVISOR, lambda: "store")
    finally:
        take_away(brought)
    made.do()

    assert (made.name, made.is_patient, stores) == ("schedules", True, ["store"])
    assert [chore.name for chore in others] == before
    assert [chore.name for chore in brought_to(Place.SUPERVISOR, lambda: "store")] == before
