"""Unique jobs stay unique while their workers are killed.

A small version; at full size it is `python -m tests.faults.unique`. And the judge of its history
sees what must not be.
"""

import orjson
import pytest

from jobs.store.keys import QueueKeys
from tests.faults.unique import Plan, drill
from tests.faults.unique_modes import WINDOW_MS
from tests.faults.unique_verdict import UniqueJudge

KEYS = QueueKeys("jobs", "q")
LASTS = 30_000
NOW = 1_000_000_000


@pytest.mark.acceptance
@pytest.mark.redis
@pytest.mark.slow
def test_unique_jobs_stay_unique_while_processes_are_killed():
    result = drill(Plan(processes=6, rounds=60, pause=0.1, kill_every=1.0, seed=3))

    assert result.problems == []
    assert result.counts["duplicate"] > 50
    assert sum(n for name, n in result.counts.items() if name.startswith("killed")) >= 2


def words(command, key, *args):
    name = getattr(KEYS, key) if hasattr(KEYS, key) else key
    return [command.encode(), name.encode(), *(str(arg).encode() for arg in args)]


def insert(job_id, job_class, at=NOW):
    payload = {"priority": 0, "id": job_id, "job_class": f"faults.{job_class}"}
    return [
        words("HSET", "payloads", job_id, orjson.dumps(payload).decode()),
        words("ZADD", "ready", 100 * 2**44 + at, job_id),
        answer("+" + job_id, at),
    ]


def answer(text, at=NOW):
    return words("SET", "{jobs:q}:pushed:1", text, "PXAT", at + LASTS)


def take(job_id):
    return [words("HSET", "running", job_id, "w#1|5"), words("ZREM", "ready", job_id)]


def retry(job_id):
    return [words("ZADD", "retry", NOW, job_id), words("HDEL", "running", job_id)]


def die(job_id):
    return [words("ZADD", "dead", NOW, job_id), words("HDEL", "running", job_id)]


def end(job_id):
    return [words("HDEL", "payloads", job_id), words("HDEL", "running", job_id)]


def problems(*units):
    judge = UniqueJudge(KEYS)
    for unit in units:
        judge.judge(unit)
    return judge.verdict.problems


DONE, START, NEWEST = "UntilDoneJob", "UntilStartJob", "NewestJob"


@pytest.mark.parametrize(
    "units",
    [
        [insert("a", DONE), take("a"), end("a"), insert("b", DONE)],
        [insert("a", DONE), take("a"), die("a"), insert("b", DONE)],
        [insert("a", DONE), take("a"), retry("a"), [answer("=a")]],
        [insert("a", DONE), insert("b", START)],
        [insert("a", START), take("a"), retry("a"), insert("b", START), [answer("=b")]],
        [
            insert("a", NEWEST),
            [words("HDEL", "payloads", "a"), words("ZREM", "ready", "a"), *insert("b", NEWEST)],
        ],
        [insert("a", "WindowJob"), take("a"), end("a"), [answer("=a", NOW + WINDOW_MS - 1)]],
        [
            insert("a", "WindowJob"),
            take("a"),
            end("a"),
            insert("b", "WindowJob", NOW + WINDOW_MS),
        ],
        [insert("a", "WindowJob"), take("a"), die("a"), insert("b", "WindowJob", NOW + 1)],
    ],
)
def test_judge_says_nothing_of_what_may_be(units):
    assert problems(*units) == []


@pytest.mark.parametrize(
    ("problem", "units"),
    [
        ("2 UntilDoneJob at once", [insert("a", DONE), take("a"), insert("b", DONE)]),
        ("2 UntilStartJob at once", [insert("a", START), insert("b", START)]),
        ("did not hold its key", [insert("a", DONE), take("a"), end("a"), [answer("=a")]]),
        ("did not hold its key", [insert("a", DONE), take("a"), die("a"), [answer("=a")]]),
        ("did not hold its key", [insert("a", START), take("a"), [answer("=a")]]),
        ("vanished", [insert("a", DONE), [words("HDEL", "payloads", "a")]]),
        ("is in []", [insert("a", DONE), [words("ZREM", "ready", "a")]]),
        ("is in ['ready', 'dead']", [insert("a", DONE), [words("ZADD", "dead", 1, "a")]]),
        (
            "went in",
            [insert("a", "WindowJob"), take("a"), end("a"), insert("b", "WindowJob", NOW + 9)],
        ),
        (
            "did not hold its key",
            [insert("a", "WindowJob"), take("a"), end("a"), [answer("=a", NOW + WINDOW_MS + 5)]],
        ),
    ],
)
def test_judge_sees_what_must_not_be(problem, units):
    assert problem in "\n".join(problems(*units))
