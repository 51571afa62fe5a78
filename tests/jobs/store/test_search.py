"""search.lua: a portion of a set, thinned out in Redis."""

import pytest

from jobs.store import job_reader
from jobs.store.job_reader import JobReader, Ranks
from jobs.store.reader import Reader
from tests.jobs.store.sample_queue import raw_payload


@pytest.fixture
def jobs(q):
    return JobReader(Reader(q.store))


def put(q, name, scores, **fields):
    """Put jobs into a set at these scores."""
    for job_id, score in scores.items():
        q.client.hset(q.keys.payloads, job_id, raw_payload(job_id, **fields))
        q.client.zadd(getattr(q.keys, name), {job_id: score})


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
    location = jobs.locate(["q"], "a")

    assert (entry.payload, location.payload) == (None, b"")
    assert 3_000_000 < entry.too_long == location.too_long < 3_001_000


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
    assert jobs.locate(["q"], "a") is None


@pytest.mark.parametrize(("options", "expected"), [({}, ["a"]), ({"is_backwards": True}, ["c"])])
def test_a_portion_ends_after_so_many_bytes_with_the_job_that_passed_the_limit(
    q, jobs, monkeypatch, options, expected
):
    monkeypatch.setattr(job_reader, "MOST_BYTES", 10)
    put(q, "retry", {"a": 1, "b": 2, "c": 3})

    portion = jobs.portion(Ranks("q", "retry", 0, 2, **options))

    assert (portion.looked_at, ids(portion), portion.is_end) == (1, expected, False)


def test_sizes_tell_what_lies_below_and_between(q, jobs):
    put(q, "retry", {"a": 10, "b": 20, "c": 30, "d": 40})

    assert jobs.sizes(["q", "other"], "retry", ("20", "30")) == {"q": (1, 2), "other": (0, 0)}
    assert jobs.sizes(["q"], "retry", ("-inf", "+inf")) == {"q": (0, 4)}


@pytest.mark.parametrize("name", ["ready", "scheduled", "retry", "dead", "done"])
def test_a_job_is_located_in_each_set(q, jobs, name):
    put(q, name, {"a": 7})

    location = jobs.locate(["other", "q"], "a")

    assert (location.queue, location.place, location.score, location.worker) == ("q", name, 7, "")


def test_a_running_job_is_located_with_its_worker(q, jobs):
    q.push("a")
    q.take("host:1:x", 1)

    location = jobs.locate(["q"], "a")

    assert (location.place, location.worker) == ("running", "host:1:x")
    assert location.payload == raw_payload("a")


def test_a_job_in_no_set_is_located_without_a_place_and_an_unknown_one_not_at_all(q, jobs):
    q.client.hset(q.keys.payloads, "a", raw_payload("a"))

    assert jobs.locate(["q"], "a").place is None
    assert jobs.locate(["q"], "b") is None


def test_lease_of_a_worker_is_told_in_seconds(q, jobs):
    q.push("a")
    q.take("w", 1)

    assert 0 < jobs.lease_seconds("q", "w") <= 15
    q.leases.condemn("q", "w")
    assert jobs.lease_seconds("q", "w") == 0
    assert jobs.lease_seconds("q", "nobody") is None


def test_jobs_ahead_are_counted_in_queue_order(q, jobs):
    q.push("a", "b")
    q.push("c", priority=9)

    assert [jobs.ahead("q", job_id) for job_id in ("c", "a", "b", "x")] == [0, 1, 2, None]
