"""The judgement as a whole."""

import time
from datetime import datetime

import pytest

from jobs import inspect
from jobs.errors import StoreUnavailable
from jobs.problem import KINDS
from jobs.store import Store
from jobs.store.alarms import Alarms, Note
from jobs.store.reader import TIME_BITS, Reader
from tests.jobs.inspect.filling import beat, push, put


def test_what_cannot_be_read_is_a_problem_and_the_rest_is_judged(store, judge):
    beat(store)
    push(store, ago=100)
    store.client.set(store.keys("default").dead, "no set")

    found = judge()

    assert list(found) == ["queue_late:default", f"unreadable:{store.keys('default').dead}"]
    assert "doctor" in found[f"unreadable:{store.keys('default').dead}"].remedy


@pytest.mark.parametrize(
    "key", ["workers", "queues", "problems", "metric_names"], ids=lambda name: name
)
def test_a_shared_key_of_another_type_is_a_problem(store, judge, key):
    name = getattr(store.shared, key)
    store.client.set(name, "foreign")

    assert f"unreadable:{name}" in judge()


def test_heartbeats_and_notes_of_nonsense_are_read_tolerantly(store, judge):
    push(store)
    beat(store, apart_since="soon", stands_since="x", quiet_since="9e99", quiet="2")
    store.client.hset(store.shared.problems, mapping={"a": "b", "c": "d e f", b"\xff": "1 2 open"})
    store.client.zadd(store.keys("default").ended, {b"\xff": float("inf")})

    assert {name.partition(":")[0] for name in judge()} == {"unreadable"}


def test_a_rule_that_fails_is_a_problem_and_the_rest_is_judged(store, judge, server):
    beat(store)
    push(store, ago=100)
    server["redis_version"] = "seven"

    found = judge()

    assert list(found) == ["queue_late:default", "unjudged:keeping"]
    assert "ValueError" in found["unjudged:keeping"].reason


def test_accepted_problems_are_left_out(store, judge, server, settings):
    beat(store, queues="default,imports")
    push(store, ago=100)
    push(store, "imports", ago=100)
    server["maxmemory"] = 0
    ignored = ["redis_unlimited", "queue_late:imports"]
    settings.JOBS = {**settings.JOBS, "CHECK_IGNORE": ignored}

    assert list(judge()) == ["queue_late:default"]


def test_a_problem_began_when_it_was_first_seen_if_that_is_earlier(store, judge):
    beat(store)
    push(store, ago=100)
    now = time.time()

    def since():
        return judge()["queue_late:default"].since.timestamp()

    Alarms(store).keep({"queue_late:default": Note(now - 900, now - 60)})
    assert since() == pytest.approx(now - 900, abs=0.01)
    Alarms(store).keep({"queue_late:default": Note(now - 900, now - 60, is_over=True)})
    assert since() == pytest.approx(now - 100, abs=2)
    Alarms(store).keep({"queue_late:default": Note(now - 90_000, now - 80_000)})
    assert since() == pytest.approx(now - 100, abs=2)


def test_many_problems_of_a_kind_are_counted(store, judge):
    beat(store)
    for n in range(25):
        push(store, f"q{n:02}", ago=300)

    found = judge()

    assert len(found) == 21
    assert list(found.values())[-1].reason == "5 more problems of this kind."
    assert list(found.values())[-1].where == "queues/"


def test_a_queue_whose_name_is_no_text_is_told_in_escapes(store, judge):
    beat(store)
    store.client.sadd(store.shared.queues, b"a\xff")
    ready = store.keys("a\udcff").ready.encode("utf-8", "surrogateescape")
    store.client.zadd(ready, {"job": (100 << TIME_BITS) + time.time() * 1000 - 300_000})

    problem = judge()["queue_unserved:a\\xff"]

    assert problem.reason.startswith("No worker takes jobs from queue a\\xff")
    assert problem.where == "queues/"


def test_every_problem_has_a_kind_a_remedy_and_a_time(store, judge, server):
    beat(store, "gone", ago=100)
    beat(store, "stuck", stands_since=time.time() - 100)
    push(store, ago=100)
    put(store, "dead")
    server.update(maxmemory=0, aof_enabled=0, maxmemory_policy="allkeys-lru")

    found = judge().values()

    kinds = [problem.kind for problem in found]
    assert kinds == sorted(kinds, key=KINDS.index)
    assert len(kinds) == 6
    assert all(problem.reason.endswith(".") and problem.remedy for problem in found)
    assert all(isinstance(problem.since, datetime | None) for problem in found)


def test_redis_away_is_no_judgement():
    with pytest.raises(StoreUnavailable):
        inspect.problems(Reader(Store("redis://127.0.0.1:9/0")))
