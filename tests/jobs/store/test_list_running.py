"""list_running.lua: all that runs under one name, in portions."""

from tests.jobs.store.sample_queue import raw_payload


def test_only_the_jobs_of_this_worker_are_listed(q):
    q.push("a", "b", "c")
    q.take("w", 2)
    q.take("w2")

    assert sorted(q.store.list_running("q", "w")) == [("a", raw_payload("a")), ("b", raw_payload("b"))]


def test_worker_without_jobs_has_an_empty_list(q):
    assert list(q.store.list_running("q", "w")) == []


def test_job_without_payload_is_listed(q):
    q.push("a")
    q.take("w")
    q.client.hdel(q.keys.payloads, "a")

    assert list(q.store.list_running("q", "w")) == [("a", None)]


def test_long_list_comes_in_portions_and_is_complete(q):
    ids = [f"{n:05}" for n in range(10_000)]
    for start in range(0, 10_000, 1000):
        q.push(*ids[start : start + 1000])
        q.take("w" if start else "other", 1000)
    q.client.config_resetstat()

    listed = [job_id for job_id, _ in q.store.list_running("q", "w")]

    assert sorted(set(listed)) == ids[1000:]
    calls = q.client.info("commandstats")["cmdstat_hscan"]["calls"]
    assert 10 <= calls <= 40  # 500 or so in each


def test_jobs_given_back_while_listing_cost_no_other_its_place(q):
    ids = [f"{n:04}" for n in range(2000)]
    q.push(*ids[:1000])
    q.push(*ids[1000:])
    q.take("w", 1000)
    q.take("w", 1000)
    given_back = set()

    for job_id, _ in q.store.list_running("q", "w"):
        q.store.release("q", "w", [(job_id, b"")])
        given_back.add(job_id)

    assert given_back == set(ids)
    assert q.running() == {}
