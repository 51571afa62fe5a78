"""The job reader: where a job is, and what stands around it."""

import pytest

from jobs.store.job_reader import JobReader
from jobs.store.reader import Reader
from tests.jobs.store.sample_queue import put, raw_payload


@pytest.fixture
def jobs(q):
    return JobReader(Reader(q.store))


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


def test_an_id_without_a_payload_is_located_nowhere(q, jobs):
    q.client.zadd(q.keys.retry, {"a": 1})

    assert jobs.locate(["q"], "a") is None


def test_a_payload_that_is_too_long_is_not_located_but_its_length_is(q, jobs, settings):
    settings.JOBS = {**settings.JOBS, "MAX_PAYLOAD_BYTES": 100}
    put(q, "retry", {"a": 1}, args=["x" * 3_000_000])

    location = jobs.locate(["q"], "a")

    assert location.payload == b""
    assert 3_000_000 < location.too_long < 3_001_000


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


def test_job_that_is_asked_for_twice_is_told_twice(q, jobs):
    put(q, "ready", {"a": 7})
    put(q, "dead", {"b": 8})

    found = jobs.briefly("q", ["a", "b", "a", "gone"])

    assert [where.place for where in found] == ["ready", "dead", "ready", None]
    assert found[0] == found[2]
    assert found[0].payload
