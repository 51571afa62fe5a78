"""Every run too many needs a cause that was there.

Without one, it is a fault of the library.
"""

import pytest

from benchmarks.chaos.processes import Freeze, Life
from benchmarks.chaos.report import Report
from benchmarks.chaos.runs import Run, noted, overlaps, read_runs
from benchmarks.chaos.server import Outage
from benchmarks.chaos.verdict import Facts, runs_again

WORKER, OTHER, SUPERVISOR = 11, 12, 10


def run(began, ended=None, how="ended", pid=WORKER, attempt=1):
    return Run("a", pid, attempt, began, ended, how if ended is not None else "")


def facts(outages=(), supervisor=None, **life):
    lives = [
        Life(WORKER, SUPERVISOR, **life),
        Life(OTHER, SUPERVISOR),
        supervisor or Life(SUPERVISOR, SUPERVISOR),
    ]
    return Facts({life.pid: life for life in lives}, outages, lease=3.0, heartbeat=0.5)


def causes(runs, facts):
    return [(again.cause, again.is_at_once) for again in runs_again(runs, facts)]


def second(began, ended=None):
    return run(began, ended or began + 0.1, pid=OTHER)


def test_retry_of_a_failure_needs_no_cause():
    runs = [run(1, 1.1, "OnPurpose"), run(1.2, 1.3, attempt=2)]

    assert causes(runs, facts()) == []


def test_retry_that_begins_before_its_failure_has_ended_does():
    runs = [run(1, 1.2, "OnPurpose"), run(1.1, 1.3, attempt=2)]

    assert causes(runs, facts()) == [("", True)]


def test_failure_that_was_not_recorded_is_no_retry():
    runs = [run(1, 1.1, "OnPurpose"), run(1.2, 1.3, attempt=1)]

    assert causes(runs, facts()) == [("", False)]


EXPLAINED = [
    ("was running in a killed process", facts(killed_at=2), run(1), second(2.1)),
    ("ended just before its process was killed", facts(killed_at=2), run(1, 1.8), second(2.1)),
    (
        "ended just before its process was killed",
        facts([Outage(1.5, 3.5)], killed_at=4),
        run(1, 1.8),
        second(4.1),
    ),
    (
        "ended just before its process was killed",
        facts([Outage(1.5, 2.5), Outage(6, 7)], freezes=[Freeze(3, 5.8)], killed_at=8),
        run(1, 1.8),
        second(8.1),
    ),
    (
        "Redis was killed and forgot its last second",
        facts([Outage(4, 5, forgot_since=3)], freezes=[Freeze(1.6, 3.2)]),
        run(1, 1.5),
        second(5.1),
    ),
    (
        "interrupted by a stop",
        facts(told_to_stop_at=1.5, gone_at=4),
        run(1, 3.4, "JobInterrupted"),
        second(3.5),
    ),
    (
        "had not ended when its process had to",
        facts(told_to_stop_at=1.5, gone_at=4),
        run(1),
        second(4.1),
    ),
    (
        "had not ended when its process had to",
        facts([Outage(2, 9)], told_to_stop_at=1.5, gone_at=4),
        run(1, 2.5),
        second(9.1),
    ),
    ("frozen for longer than its lease", facts(freezes=[Freeze(2, 7)]), run(1, 7.1), second(5.1)),
    ("frozen for longer than its lease", facts(freezes=[Freeze(2, 7)]), run(1, 1.9), second(5.1)),
    (
        "frozen for longer than its lease",
        facts([Outage(1.5, 3)], freezes=[Freeze(2.5, 7)]),
        run(1, 7.1),
        second(4.1),
    ),
    (
        "frozen for longer than its lease",
        facts(supervisor=Life(SUPERVISOR, SUPERVISOR, freezes=[Freeze(2, 7)])),
        run(1, 7.1),
        second(5.1),
    ),
    (
        "Redis was killed and forgot its last second",
        facts([Outage(2, 3, forgot_since=1.2)]),
        run(1, 1.5),
        second(3.1),
    ),
]


@pytest.mark.parametrize(("cause", "facts", "first", "second"), EXPLAINED)
def test_cause_is_named(cause, facts, first, second):
    assert [found for found, _ in causes([first, second], facts)] == [cause]


UNEXPLAINED = {
    "nothing happened": (facts(), run(1, 1.1), second(2)),
    "killed long after": (facts(killed_at=5), run(1, 1.1), second(5.1)),
    "killed long after it was frozen": (
        facts(freezes=[Freeze(1.2, 2)], killed_at=5),
        run(1, 1.1),
        second(5.1),
    ),
    "Redis forgot a later second": (
        facts([Outage(4, 5, forgot_since=3)], freezes=[Freeze(1.6, 2)]),
        run(1, 1.5),
        second(5.1),
    ),
    "killed after the second run had begun": (facts(killed_at=2), run(1), second(1.5)),
    "frozen for less than the lease": (facts(freezes=[Freeze(2, 4)]), run(1, 4.1), second(3.9)),
    "frozen, but given away at once": (facts(freezes=[Freeze(2, 7)]), run(1, 7.1), second(2.5)),
    "frozen long after": (facts(freezes=[Freeze(4, 9)]), run(1, 1.1), second(7.1)),
    "Redis was stopped in good order": (facts([Outage(1.5, 2.5)]), run(1, 1.6), second(3)),
    "Redis was killed and forgot nothing": (facts([Outage(1.5, 2.5)]), run(1, 1.1), second(3)),
    "Redis was frozen for longer than the lease": (facts([Outage(1.5, 7)]), run(1, 1.6), second(8)),
    "interrupted without a stop": (facts(), run(1, 2, "JobInterrupted"), second(3)),
    "in a process that nobody knows": (facts(), run(1, 2, pid=99), second(3)),
}


@pytest.mark.parametrize("name", UNEXPLAINED)
def test_what_does_not_explain_a_run_is_no_cause(name):
    known, first, again = UNEXPLAINED[name]

    assert [cause for cause, _ in causes([first, again], known)] == [""]


def report(promised, runs, known=None, uncertain=()):
    return Report(dict.fromkeys(promised, 1.0), set(uncertain), runs, known or facts(), began=0.0)


def test_job_that_never_ran_to_its_end_is_lost(capsys):
    made = report(["a", "b", "c"], {"a": [run(1, 1.1)], "b": [run(1, 1.1, "OnPurpose")]})

    assert made.lost == ["b", "c"]
    assert not made.is_good
    made.show()
    assert "UNEXPLAINED: c was lost: it never ran" in capsys.readouterr().out


def test_job_that_redis_forgot_was_not_lost_by_us():
    known = facts([Outage(1.5, 2, forgot_since=0.9)])

    assert report(["a"], {}, known).forgotten == ["a"]
    assert report(["a"], {}, known).is_good


def test_job_whose_enqueue_raised_may_run_or_not_and_one_unheard_of_may_not():
    assert report([], {"a": [run(1, 1.1)]}, uncertain=["a", "b"]).is_good
    assert report([], {"a": [run(1, 1.1)]}).invented == ["a"]


def test_process_that_died_by_itself_is_a_fault():
    assert not report([], {}, facts(gone_at=3.0)).is_good
    assert report([], {}, facts(gone_at=3.0, killed_at=2.9)).is_good


def test_notes_of_runs_are_read_back(tmp_path, monkeypatch):
    monkeypatch.setenv("RUN_NOTES", str(tmp_path / "notes"))

    with noted("a", 1), pytest.raises(ZeroDivisionError), noted("b", 2):
        raise ZeroDivisionError

    runs = read_runs(tmp_path / "notes")
    ((first,), (other,)) = runs["a"], runs["b"]
    assert (first.how, other.how, other.attempt) == ("ended", "ZeroDivisionError", 2)
    assert overlaps([first, other])


def test_runs_overlap_when_one_begins_before_another_has_ended():
    early, late = run(1, 3), run(2, 4)

    assert overlaps([early, late]) == [(early, late)]
    assert overlaps([run(1, 2), run(2, 3)]) == overlaps([run(1), run(2, 3)]) == []
