"""The misfits: jobs in Redis that the code here would park or fail."""

import json
import time
from importlib import import_module

import orjson
import pytest

from jobs import inspect
from jobs.errors import StoreUnavailable
from jobs.inspect import spread
from jobs.inspect.spread import Spread
from jobs.store import Store
from jobs.store.reader import Reader
from jobs.store.scripts import Scripts
from jobs.store.sight import WORDLESS, Sight
from tests.conftest import free_port
from tests.jobs.inspect import fit_cases
from tests.jobs.inspect.filling import fetch, put, token
from tests.jobs.inspect.fit_cases import CASES, SECRET, put_case, put_raw

GONE = "tests.GoneJob"


class RenamedJob(fit_cases.FreeJob):
    """It is called `fit_cases.RenamedJob` in the jobs that wait."""


def fill(store, name, count, job_class=GONE, queue="default"):
    """Put so many jobs into a set, one second after the other.

    Return their ids.
    """
    return [
        put(store, name, queue, job_class=job_class, at=1_764_000_000 + n) for n in range(count)
    ]


@pytest.mark.parametrize("case", CASES)
def test_each_mismatch_is_named_and_no_value_is_told(store, reader, case):
    job_id = put_case(store, "scheduled", case)
    _, kind, reason = CASES[case]

    found = inspect.misfits(reader)

    assert (found.looked_at, found.total, found.is_whole) == (1, 1, True)
    assert found.count == (1 if kind else 0)
    assert [(g.kind, g.first_id, g.place, g.count) for g in found.groups] == (
        [(kind, job_id, "scheduled", 1)] if kind else []
    )
    assert all(reason in g.reason and g.reason.endswith(".") and g.remedy for g in found.groups)
    told = json.dumps(found.as_json())
    assert SECRET not in told
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xfe", b"null", b"[1]", b"{}", b"[" * 5000, b'{"priority":0,"id":"a']
)
def test_what_cannot_be_read_would_be_parked(store, reader, raw):
    job_id = put_raw(store, "ready", raw)

    found = inspect.misfits(reader)

    assert [(g.kind, g.fate, g.job_class) for g in found.groups] == [("unreadable", "parked", "")]
    assert found.groups[0].remedy.endswith(f"python manage.py jobs delete {job_id}")


def test_sets_and_queues_are_told_apart_and_the_first_job_is_named(store, reader):
    [running] = [put(store, "ready", job_class=GONE)]
    assert fetch(store) == [running]
    first = {
        name: fill(store, name, 2)[0] for name in ("scheduled", "retry", "ready", "dead", "done")
    }
    [elsewhere] = fill(store, "ready", 1, queue="high")

    found = inspect.misfits(reader)

    assert {(g.queue, g.place): (g.count, g.first_id) for g in found.groups} == {
        ("default", "scheduled"): (2, first["scheduled"]),
        ("default", "retry"): (2, first["retry"]),
        ("default", "ready"): (2, first["ready"]),
        ("default", "running"): (1, running),
        ("default", "dead"): (2, first["dead"]),
        ("high", "ready"): (1, elsewhere),
    }
    assert found.groups[-1].is_dead
    assert (found.count, found.dead, found.looked_at, found.total) == (8, 2, 10, 10)


def test_jobs_that_do_not_suit_for_two_reasons_are_two_groups(store, reader):
    put_case(store, "ready", "an argument is missing")
    put_case(store, "ready", "a new parameter")

    assert [g.count for g in inspect.misfits(reader).groups] == [1, 1]


def test_a_class_that_has_moved_is_named(store, reader):
    put(store, "ready", job_class="shop.RenamedJob")
    put(store, "ready", job_class="tests.jobs.inspect.fit_cases.NewJob")
    put(store, "ready", job_class="a.QuiteSomethingElse")

    remedies = {g.job_class: g.remedy for g in inspect.misfits(reader).groups}

    assert remedies["shop.RenamedJob"].endswith(
        f"If it is {__name__}.RenamedJob now, "
        "keep a subclass of that as shop.RenamedJob until then."
    )
    assert f"If it is {fit_cases.APP}.NowJob now" in remedies[f"{fit_cases.APP}.NewJob"]
    assert "If it is" not in remedies["a.QuiteSomethingElse"]


def test_a_job_that_was_parked_as_unreadable_stays_so(store, reader):
    put_raw(store, "dead", orjson.dumps(CASES["the class never had a name"][0] | {"id": "x"}), "x")
    put(store, "dead", job_class="", extra={"unreadable": "{", "unreadable_bytes": 1})

    found = inspect.misfits(reader)

    assert {g.kind for g in found.groups} == {"unknown_class", "unreadable"}
    assert (found.count, found.dead) == (0, 2)


def test_a_look_at_some_is_spread_over_every_set_from_end_to_end(store, reader, monkeypatch):
    monkeypatch.setattr(spread, "LOOK_AT", 400)
    monkeypatch.setattr(spread, "LOOK_AT_DEAD", 100)
    monkeypatch.setattr(spread, "LEAST", 100)
    monkeypatch.setattr(spread, "PLACE", 50)
    ready = fill(store, "ready", 1_000, f"{fit_cases.APP}.FreeJob")
    few = fill(store, "retry", 60)
    fill(store, "dead", 1_000)
    for ends in (ready[0], ready[-1], ready[499]):
        store.client.hset(store.keys("default").payloads, ends, b"broken")

    found = inspect.misfits(reader)

    assert {(g.kind, g.place): g.count for g in found.groups} == {
        ("unreadable", "ready"): 3,
        ("unknown_class", "retry"): len(few),
        ("unknown_class", "dead"): 100,
    }
    assert found.groups[1].first_id == ready[0]
    assert (found.looked_at, found.total, found.is_whole) == (350 + 60 + 100, 2_060, False)


@pytest.mark.parametrize("size", [111, 130, 159, 201, 999])
def test_no_job_is_looked_at_twice(store, reader, monkeypatch, size):
    monkeypatch.setattr(spread, "LOOK_AT", 110)
    monkeypatch.setattr(spread, "LEAST", 110)
    monkeypatch.setattr(spread, "PLACE", 50)
    fill(store, "ready", size)
    whole = Spread(reader, reader.counts(["default"]), every=False)

    seen = [entry.job_id for _, _, entry in whole.jobs()]

    assert len(set(seen)) == len(seen) == 100
    assert not whole.is_whole


def test_with_every_each_job_is_looked_at(store, reader, monkeypatch):
    monkeypatch.setattr(spread, "LOOK_AT", 10)
    monkeypatch.setattr(spread, "LOOK_AT_DEAD", 10)
    monkeypatch.setattr(spread, "PATIENCE", 0.0)
    fill(store, "ready", 1_200)
    fill(store, "dead", 700)

    found = inspect.misfits(reader, every=True)

    assert (found.count, found.dead, found.is_whole) == (1_200, 700, True)


def test_a_look_at_some_ends_when_its_time_is_over(store, reader, monkeypatch):
    monkeypatch.setattr(spread, "PATIENCE", 0.0)
    fill(store, "ready", 3)

    found = inspect.misfits(reader)

    assert (found.looked_at, found.total, found.is_whole) == (0, 3, False)


def test_many_jobs_cost_little(store, reader, monkeypatch):
    monkeypatch.setattr(spread, "LOOK_AT", 10_000)
    payload = b"x" * 2_000
    for n in range(40):
        ids = [f"{n}-{m}" for m in range(500)]
        fields = CASES["takes anything"][0] | {"args": [payload.decode()]}
        raws = {each: orjson.dumps(fields | {"id": each}) for each in ids}
        store.client.hset(store.keys("default").payloads, mapping=raws)
        scores = dict.fromkeys(ids, (100 << 44) + 1700000000000.0 + n)
        store.client.zadd(store.keys("default").ready, scores)
    store.intake.announce_queues(["default"])
    asked = []
    run_each = Scripts.run_each

    def counted(*args):
        asked.append(args)
        return run_each(*args)

    monkeypatch.setattr(Scripts, "run_each", counted)
    begun = time.monotonic()

    found = inspect.misfits(reader)

    assert time.monotonic() - begun < 10
    assert (found.looked_at, found.total, found.groups) == (10_000, 20_000, ())
    assert len(asked) < 100


def test_jobs_that_run_are_read_in_portions(store, reader):
    ids = [put(store, "ready", job_class=GONE, args=["x" * 300_000]) for _ in range(5)]
    while fetch(store, count=5):
        pass

    found = inspect.misfits(reader)

    assert [(g.place, g.count) for g in found.groups] == [("running", len(ids))]


def test_a_payload_too_long_to_be_read_is_counted(store, reader):
    put(store, "ready", job_class=GONE, args=["x" * 3_000_000])
    put(store, "retry", job_class=GONE)
    [running] = [put(store, "ready", "high", job_class=GONE, args=["x" * 3_000_000])]
    store.client.zrem(store.keys("high").ready, running)
    store.client.hset(store.keys("high").running, running, b"w#1|7")

    found = inspect.misfits(reader)

    assert (found.too_long, found.looked_at, found.is_whole) == (2, 1, False)
    assert [g.place for g in found.groups] == ["retry"]


def test_too_many_groups_are_counted_together(store, reader, monkeypatch):
    monkeypatch.setattr(import_module("jobs.inspect.misfits"), "MOST_GROUPS", 3)
    for n in range(7):
        put(store, "ready", job_class=f"tests.Gone{n}")

    found = inspect.misfits(reader)

    assert (len(found.groups), found.count, found.left_out) == (3, 7, 4)


def test_names_of_any_length_are_cut(store, reader):
    put(store, "ready", job_class="a." + "B" * 100_000)
    put(store, "ready", job_class=f"{fit_cases.APP}.SelfJob", kwargs={"k" * 100_000: 1})
    put(store, "ready", job_class=f"{fit_cases.APP}.FreeJob", options={"o" * 100_000: 1})

    found = inspect.misfits(reader)

    assert found.count == 3
    assert all(len(json.dumps(group.as_json())) < 3_000 for group in found.groups)


def test_a_key_that_cannot_be_read_costs_its_own_jobs_only(store, reader):
    fill(store, "scheduled", 1)
    fill(store, "ready", 1, queue="high")
    store.client.set(store.keys("default").ready, "a text")
    store.client.set(store.keys("default").running, "a text")

    found = inspect.misfits(reader)

    assert [(g.queue, g.place) for g in found.groups] == [
        ("default", "scheduled"),
        ("high", "ready"),
    ]
    assert store.keys("default").ready in {problem.key for problem in found.problems}


def test_sight_is_heeded(store):
    put_case(store, "ready", "a parameter is gone")
    fill(store, "ready", 1, queue="hidden")

    found = inspect.misfits(Reader(store, Sight(lambda queue: queue != "hidden")))
    wordless = inspect.misfits(Reader(store, WORDLESS))

    assert [g.queue for g in found.groups] == ["default"]
    assert "lang" in found.groups[0].reason
    assert {g.reason for g in wordless.groups if g.kind == "arguments"} == {
        "Its arguments do not suit perform."
    }
    assert "lang" not in repr(wordless)


def test_a_job_that_ends_meanwhile_is_no_misfit(store, reader):
    job_id = put(store, "ready", job_class=GONE)
    assert fetch(store) == [job_id]
    assert token(store, job_id)
    store.client.hdel(store.keys("default").payloads, job_id)

    found = inspect.misfits(reader)

    assert (found.count, found.looked_at) == (0, 0)


def test_an_empty_redis_has_none(store, reader):
    found = inspect.misfits(reader)

    assert (found.groups, found.count, found.total, found.is_whole) == ((), 0, 0, True)


def test_a_redis_that_is_away_is_an_error():
    with pytest.raises(StoreUnavailable):
        inspect.misfits(Reader(Store(f"redis://127.0.0.1:{free_port()}/0", timeout=1)))
