"""Rule: Redis may lose jobs or is running out of memory."""

import time

import pytest

from jobs.store.alarms import Alarms, Note
from tests.jobs.inspect.filling import beat, push


@pytest.mark.parametrize(
    ("told", "kind", "sentence"),
    [
        (
            {"used_memory": 801},
            "redis_memory",
            "Redis uses 801\xa0bytes of its 1000\xa0bytes of memory.",
        ),
        ({"maxmemory": 0}, "redis_unlimited", "Redis has no memory limit."),
        (
            {"maxmemory_policy": "allkeys-lru"},
            "redis_eviction",
            "Redis may throw jobs away: its maxmemory-policy is allkeys-lru.",
        ),
        (
            {"aof_enabled": 0},
            "redis_persistence",
            "A restart of Redis loses jobs: append-only persistence is off.",
        ),
        (
            {"aof_last_write_status": "err"},
            "redis_persistence",
            "Redis cannot write its append-only file.",
        ),
    ],
)
def test_each_danger_is_a_problem(judge, server, told, kind, sentence):
    server.update(told)

    [problem] = judge().values()

    assert (problem.kind, problem.reason) == (kind, sentence)
    assert problem.where == "#jobs-redis"
    assert problem.remedy


def test_a_redis_that_is_too_old_is_a_problem(judge, server):
    server["redis_version"] = "6.2.0"

    [problem] = judge().values()

    assert problem.kind == "redis_old"
    assert "6.2.0" in problem.reason


def test_memory_that_was_told_of_must_fall_a_little_further(store, judge, server):
    server["used_memory"] = 770
    assert judge() == {}

    now = time.time()
    Alarms(store).keep({"redis_memory:": Note(now - 100, now)})
    [problem] = judge().values()
    assert problem.since.timestamp() == pytest.approx(now - 100, abs=0.01)

    server["used_memory"] = 740
    assert judge() == {}


def test_memory_that_was_told_of_last_week_may_rise_as_far_as_ever(store, judge, server):
    """A note is kept for days, and had lowered the limit for as long."""
    server["used_memory"] = 770
    now = time.time()

    Alarms(store).keep({"redis_memory:": Note(now - 900, now - 600, is_over=True)})
    assert judge() == {}

    Alarms(store).keep({"redis_memory:": Note(now - 90_000, now - 80_000)})
    assert judge() == {}


def test_what_the_server_keeps_to_itself_is_not_judged(judge, server):
    server.clear()
    server["redis_version"] = "7.4.0"

    assert judge() == {}


def test_a_redis_that_was_away_has_not_heard_of_its_workers_yet(store, judge, server):
    push(store)
    beat(store, ago=200)
    server["uptime_in_seconds"] = 4
    assert judge() == {}

    server["uptime_in_seconds"] = 40
    assert list(judge()) == ["workers_missing:"]


def test_on_a_full_redis_nobody_can_tell_whether_workers_live(store, judge, server):
    beat(store, ago=200)
    push(store, ago=200)
    server["used_memory"] = 999

    assert list(judge()) == ["queue_late:default", "redis_memory:"]
