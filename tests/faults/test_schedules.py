"""Each tick is fired once or counted, whatever dies.

A small version; at full size it is `python -m tests.faults.schedules`. And its judge sees what must
not be.
"""

import orjson
import pytest

from jobs.store.keys import QueueKeys
from tests.faults.schedule_verdict import ScheduleJudge
from tests.faults.schedules import Plan, drill

KEYS = QueueKeys("jobs", "q")
STEADY, ARGUMENTS, PERIOD = (f"faults.{name}Job" for name in ("Steady", "Arguments", "Period"))


@pytest.mark.acceptance
@pytest.mark.redis
@pytest.mark.slow
def test_every_tick_is_fired_once_or_counted_while_processes_are_killed():
    result = drill(Plan(seconds=16.0, kill_every=4.0, restart_every=9.0, seed=1))

    assert result.problems == []
    assert result.counts["ticks fired"] > 50
    assert result.counts["deploys"] == 9


def words(command, key, *args):
    return [
        each if isinstance(each, bytes) else str(each).encode() for each in (command, key, *args)
    ]


def fire(name, at, missed=0, told=None, args=(), job_id=None):
    """Return what a tick writes that makes a job."""
    job_id = job_id or f"{name}-{at}"
    occasion = {"name": name, "at": at, "missed": missed if told is None else told}
    payload = {"id": job_id, "args": list(args), "context": {"schedule": occasion}}
    return [
        words("HSETNX", KEYS.payloads, job_id, orjson.dumps(payload)),
        *moved(name, at, "fired", missed, job_id),
    ]


def moved(name, at, word, missed=0, job_id="x"):
    """Return what a tick writes in any case."""
    line = f"{at * 1000} {job_id} {word} 1" + (f" {missed}" if missed else "")
    return [
        words("HSET", KEYS.schedules, f"runs:{name}", line + "\n1 y done 1\n"),
        words("HSET", KEYS.schedules, f"cursor:{name}", at * 1000, f"next:{name}", ""),
    ]


def opened(name, clock="c", spec="s"):
    return [words("HSET", KEYS.schedules, f"spec:{name}", spec, f"clock:{name}", clock)]


def problems(*units):
    judge = ScheduleJudge([KEYS])
    for unit in units:
        judge.judge(unit)
    return "\n".join(judge.finish().problems)


@pytest.mark.parametrize(
    "units",
    [
        [fire(STEADY, 10), fire(STEADY, 11), fire(STEADY, 14, missed=2)],
        [fire(STEADY, 10), moved(STEADY, 11, "overlap"), moved(STEADY, 14, "paused", 2)],
        [opened(PERIOD), fire(PERIOD, 11), opened(PERIOD, "other"), fire(PERIOD, 14)],
        [fire(STEADY, 10), [words("HSET", KEYS.schedules, f"runs:{STEADY}", "10000 x done 5\n")]],
        [
            *(opened(ARGUMENTS), fire(ARGUMENTS, 1, args=[1])),
            *(opened(ARGUMENTS, spec="t"), fire(ARGUMENTS, 2, args=[2])),
            *(opened(ARGUMENTS), fire(ARGUMENTS, 3, args=[1])),
        ],
        [[words("HSET", KEYS.meta, "paused", 1)], moved(STEADY, 11, "paused")],
    ],
)
def test_judge_says_nothing_of_what_may_be(units):
    assert problems(*units) == ""


@pytest.mark.parametrize(
    ("problem", "units"),
    [
        ("back to 10", [fire(STEADY, 10), fire(STEADY, 10, job_id="other")]),
        ("made more than once", [fire(STEADY, 10), fire(STEADY, 10)]),
        ("2 between them, 1 counted", [fire(STEADY, 10), fire(STEADY, 13, missed=1)]),
        ("1 between them, 0 counted", [fire(STEADY, 10), moved(STEADY, 12, "overlap")]),
        ("is told", [fire(STEADY, 10), fire(STEADY, 13, missed=2, told=0)]),
        ("has the job None", [moved(STEADY, 10, "fired")]),
        (
            "no tick at 13",
            [opened(PERIOD), opened(PERIOD, "d"), fire(PERIOD, 12), fire(PERIOD, 13)],
        ),
        (
            "did not own it",
            [opened(ARGUMENTS), fire(ARGUMENTS, 1, args=[1]), fire(ARGUMENTS, 2, args=[2])],
        ),
        (
            "into a paused queue",
            [[words("HSET", KEYS.meta, "paused", 1)], fire(STEADY, 11)],
        ),
    ],
)
def test_judge_sees_what_must_not_be(problem, units):
    assert problem in problems(*units)
