"""The judge of the drill of the outbox sees what must not be."""

from pathlib import Path

import pytest

from benchmarks.chaos.runs import Run
from jobs.store.keys import QueueKeys
from tests.faults import outbox_verdict
from tests.faults.long_drill import Result
from tests.faults.outbox_requests import Answer
from tests.faults.outbox_verdict import HUNG, THERE, Evidence, Phase, judge

KEYS = QueueKeys("jobs", "default")
ENDED = Run("a", pid=1, attempt=1, began=10.0, ended=10.1, how="ended")
AGAIN = Run("a", pid=2, attempt=1, began=15.0, ended=15.1, how="ended")
CUT = Run("a", pid=1, attempt=1, began=10.0)


def problems(monkeypatch, runs=(ENDED,), orders=("a",), marked=("1",), answers=(), struck=None):
    units = [[[b"ZADD", KEYS.marks.encode(), at.encode(), b"a"]] for at in marked]
    monkeypatch.setattr(outbox_verdict, "read_runs", lambda _: {"a": list(runs)} if runs else {})
    monkeypatch.setattr(outbox_verdict, "read_history", lambda _: units)
    evidence = Evidence(Path(), KEYS, set(orders), list(answers), struck=struck or {})
    evidence.phases = [Phase(THERE, 0.0, 11.0), Phase(HUNG, 11.0, 14.0), Phase(THERE, 14.0)]
    result = Result()
    judge(evidence, result)
    return "\n".join(result.problems)


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"marked": ("1", "-9")},  # its end is no second push
        {"runs": (CUT, AGAIN), "struck": {1: 10.05}},
        {"runs": (ENDED, AGAIN), "struck": {1: 14.0}},  # Redis could not be told
        {"answers": [Answer(1.0, 0.1, "answered"), Answer(2.0, 0.1, "asked-for")]},
    ],
)
def test_judge_says_nothing_of_what_may_be(monkeypatch, found):
    assert problems(monkeypatch, **found) == ""


@pytest.mark.parametrize(
    ("problem", "found"),
    [
        ("its job never ran", {"runs": ()}),
        ("was never committed", {"orders": ()}),
        ("never ran to its end", {"runs": (CUT,)}),
        ("was not struck", {"runs": (ENDED, AGAIN)}),
        ("was struck at 17.0", {"runs": (ENDED, AGAIN), "struck": {1: 17.0}}),
        ("was pushed 2 times", {"marked": ("1", "2")}),
        ("ended by StoreUnavailable", {"answers": [Answer(1.0, 0.1, "StoreUnavailable")]}),
        ("took 9.0 s", {"answers": [Answer(at, 9.0, "answered") for at in (12.0, 13.0)]}),
    ],
)
def test_judge_sees_what_must_not_be(monkeypatch, problem, found):
    assert problem in problems(monkeypatch, **found)
