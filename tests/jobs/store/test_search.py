"""search.lua: a portion of a set, thinned out in Redis."""

import pytest

from jobs.store import set_reader
from jobs.store.reader import Reader
from jobs.store.set_reader import Ranks, SetReader
from tests.jobs.store.sample_queue import put, raw_payload


@pytest.fixture
def jobs(q):
    return SetReader(Reader(q.store))


def ids(portion):
    return [entry.job_id for entry in portion.entries]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [(1, "b"), (2, "c")]),
        ({"is_reversed": True}, [(1, "c"), (2, "b")]),
        ({"is_backwards": True}, [(2, "c"), (1, "b")]),
        ({"is_reversed": True, "is_backwards": True}, [(2, "b"), (1, "c")]),
    ],
)
def test_ranks_are_looked_at_from_either_end_and_in_either_direction(q, jobs, options, expected):
    put(q, "dead", {"a": 1, "b": 2, "c": 3, "d": 4})

    portion = jobs.portion(Ranks("q", "dead", 1, 2, **options))

    assert [(e.rank, e.job_id) for e in portion.entries] == expected
    assert portion.looked_at == 2
    assert not portion.is_end


def test_a_portion_that_reaches_over_the_end_says_so(q, jobs):
    put(q, "dead", {"a": 1})

    assert jobs.portion(Ranks("q", "dead", 0, 1)).is_end
    assert jobs.portion(Ranks("q", "dead", 5, 9)).is_end
    assert not jobs.portion(Ranks("q", "dead", 0, 0)).is_end


def test_only_jobs_of_one_class_come_if_it_is_given(q, jobs):
    put(q, "retry", {"a": 1}, job_class="orders.Größe")
    put(q, "retry", {"b": 2}, job_class="orders.Other")

    assert ids(jobs.portion(Ranks("q", "retry", 0, 9), "orders.Größe")) == ["a"]
    assert ids(jobs.portion(Ranks("q", "retry", 0, 9), "orders.O.*r")) == []


@pytest.mark.parametrize(
    "guess", ["hunter2", 'tests.A","queue":"q","args":[{"password":"hunter2', 'x","args":["hunter2']
)
def test_no_job_class_finds_what_stands_in_an_argument(q, jobs, guess):
    put(q, "retry", {"a": 1}, job_class="tests.A", args=[{"password": "hunter2"}])
    put(q, "retry", {"b": 2}, job_class="tests.A", args=[{"password": {"job_class": "hunter2"}}])

    assert ids(jobs.portion(Ranks("q", "retry", 0, 9), guess)) == []


@pytest.mark.parametrize(
    "raw",
    [
        b'{"job_class":"tests.A","id":"a"}',
        b'{"priority":0,"enqueued_at":1.0,"id":"a","job_class":"tests.\\u0041"}',
        b"no json",
    ],
)
def test_a_head_that_is_written_in_another_way_is_left_to_the_caller(q, jobs, raw):
    put(q, "retry", {"a": 1})
    q.client.hset(q.keys.payloads, "a", raw)

    assert ids(jobs.portion(Ranks("q", "retry", 0, 9), "tests.A")) == ["a"]


@pytest.mark.parametrize("at", [0.0, 1764e6, 1_764_000_000.123456, 1e-7, 1_764_000_000])
@pytest.mark.parametrize("priority", [-100, 0, 100])
def test_every_head_that_we_write_is_understood(q, jobs, at, priority):
    put(q, "retry", {"a": 1}, job_class="tests.A", enqueued_at=at, priority=priority)

    assert ids(jobs.portion(Ranks("q", "retry", 0, 9), "tests.B")) == []


@pytest.mark.parametrize("job_class", ["", "tests.A"])
def test_a_payload_that_is_too_long_is_not_read(q, jobs, settings, job_class):
    settings.JOBS = {**settings.JOBS, "MAX_PAYLOAD_BYTES": 100}
    put(q, "retry", {"a": 1}, args=["x" * 3_000_000])

    [entry] = jobs.portion(Ranks("q", "retry", 0, 9), job_class).entries

    assert entry.payload is None
    assert 3_000_000 < entry.too_long < 3_001_000


def test_payload_and_score_come_with_each_job_unless_they_are_not_wanted(q, jobs):
    put(q, "retry", {"a": 1_764_000_000_123})

    [entry] = jobs.portion(Ranks("q", "retry", 0, 9)).entries
    assert (entry.score, entry.payload) == (1_764_000_000_123, raw_payload("a"))
    [bare] = jobs.portion(Ranks("q", "retry", 0, 9), with_payloads=False).entries
    assert bare.payload is None


def test_a_job_without_a_payload_is_passed_over(q, jobs):
    put(q, "retry", {"a": 1, "b": 2})
    q.client.hdel(q.keys.payloads, "a")

    portion = jobs.portion(Ranks("q", "retry", 0, 1))

    assert (portion.looked_at, ids(portion)) == (2, ["b"])


@pytest.mark.parametrize(("options", "expected"), [({}, ["a"]), ({"is_backwards": True}, ["c"])])
def test_a_portion_ends_after_so_many_bytes_with_the_job_that_passed_the_limit(
    q, jobs, monkeypatch, options, expected
):
    monkeypatch.setattr(set_reader, "MOST_BYTES", 10)
    put(q, "retry", {"a": 1, "b": 2, "c": 3})

    portion = jobs.portion(Ranks("q", "retry", 0, 2, **options))

    assert (portion.looked_at, ids(portion), portion.is_end) == (1, expected, False)


def test_portions_of_many_sets_come_in_their_order(q, jobs):
    put(q, "retry", {"a": 1, "b": 2})
    put(q, "dead", {"c": 3})

    found = jobs.portions(
        [Ranks("q", "dead", 0, 9), Ranks("other", "dead", 0, 9), Ranks("q", "retry", 1, 1)]
    )

    assert [(portion.looked_at, ids(portion)) for portion in found] == [
        (1, ["c"]),
        (0, []),
        (1, ["b"]),
    ]


def test_portions_of_many_sets_share_the_bytes_of_one(q, jobs, monkeypatch):
    size = len(raw_payload("a"))
    put(q, "retry", {"a": 1, "b": 2, "c": 3, "d": 4})
    monkeypatch.setattr(set_reader, "MOST_BYTES", 2 * size)
    whole = Ranks("q", "retry", 0, 9)

    assert ids(jobs.portion(whole)) == ["a", "b"]
    assert [ids(portion) for portion in jobs.portions([whole, whole])] == [["a"], ["a"]]


def test_a_set_that_cannot_be_read_does_not_take_the_others_with_it(q, jobs):
    put(q, "retry", {"a": 1})
    q.client.set(q.keys.dead, "text")

    dead, retry = jobs.portions([Ranks("q", "dead", 0, 9), Ranks("q", "retry", 0, 9)])

    assert (ids(dead), ids(retry)) == ([], ["a"])


def test_portions_come_from_a_server_that_has_forgotten_the_scripts(q, jobs):
    put(q, "retry", {"a": 1})
    put(q, "dead", {"b": 1})
    q.client.script_flush()

    found = jobs.portions([Ranks("q", "retry", 0, 9), Ranks("q", "dead", 0, 9)])

    assert [ids(portion) for portion in found] == [["a"], ["b"]]


def test_sizes_tell_what_lies_below_and_between(q, jobs):
    put(q, "retry", {"a": 10, "b": 20, "c": 30, "d": 40})

    assert jobs.sizes(["q", "other"], "retry", ("20", "30")) == {"q": (1, 2), "other": (0, 0)}
    assert jobs.sizes(["q"], "retry", ("-inf", "+inf")) == {"q": (0, 4)}
