"""A script that meets a key of another type moves nothing.

It must leave every job where it was, for Redis undoes nothing.
"""

import pytest
from redis.exceptions import ResponseError

from tests.jobs.store.sample_queue import raw_payload


@pytest.fixture
def broken(q):
    """Return a function that breaks one key of a queue.

    In that queue, job a runs and job b is ready.
    """
    q.push("a", "b")
    q.take("w")

    def put_aside(name: str) -> str:
        key = getattr(q.keys, name)
        if q.client.exists(key):
            q.client.rename(key, key + ":aside")
        q.client.set(key, "something else")
        return key

    return put_aside


def mend(q, key: str) -> None:
    q.client.delete(key)
    if q.client.exists(key + ":aside"):
        q.client.rename(key + ":aside", key)


@pytest.mark.parametrize("name", ["running", "payloads"])
def test_fetch_leaves_the_ready_jobs_where_they_are(q, broken, name):
    key = broken(name)

    with pytest.raises(ResponseError, match="WRONGTYPE"):
        q.take("w")

    mend(q, key)
    assert q.ids("ready") == ["b"]
    assert q.is_sound()


def test_what_cannot_be_handed_in_still_runs(q, broken):
    key = broken("payloads")

    with pytest.raises(ResponseError, match="WRONGTYPE"):
        q.fetch("w", 0, ["a"])

    mend(q, key)
    assert q.running() == {"a": "w"}


@pytest.mark.parametrize("name", ["retry", "payloads"])
def test_job_whose_retry_is_refused_still_runs(q, broken, name):
    key, token = broken(name), q.token("a")

    with pytest.raises(ResponseError, match="WRONGTYPE"):
        q.store.running.fail("q", token, "a", raw_payload("a"), "retry")

    mend(q, key)
    assert q.is_sound()
    assert q.token("a") == token
    assert q.store.running.fail("q", token, "a", raw_payload("a"), "retry")
    assert q.is_sound()


@pytest.mark.parametrize("name", ["dead", "payloads"])
def test_job_whose_death_is_refused_still_runs(q, broken, name):
    key, token = broken(name), q.token("a")

    with pytest.raises(ResponseError, match="WRONGTYPE"):
        q.store.running.fail("q", token, "a", raw_payload("a"), "dead")

    mend(q, key)
    assert q.is_sound()
    assert q.store.running.fail("q", token, "a", raw_payload("a"), "dead")
    assert q.is_sound()


@pytest.mark.parametrize("name", ["done", "payloads"])
def test_job_whose_end_is_refused_still_runs(q, broken, name):
    key, token = broken(name), q.token("a")

    with pytest.raises(ResponseError, match="WRONGTYPE"):
        q.store.running.finish("q", token, "a", raw_payload("a"), 60)

    mend(q, key)
    assert q.is_sound()
    assert q.store.running.finish("q", token, "a", raw_payload("a"), 60)
    assert q.is_sound()


@pytest.mark.parametrize("name", ["ready", "payloads"])
def test_job_whose_release_is_refused_still_runs(q, broken, name):
    key, token = broken(name), q.token("a")

    with pytest.raises(ResponseError, match="WRONGTYPE"):
        q.store.running.release("q", [(token, "a", raw_payload("a"))])

    mend(q, key)
    assert q.is_sound()
    assert q.store.running.release("q", [(token, "a", raw_payload("a"))]) == 1
    assert q.is_sound()
