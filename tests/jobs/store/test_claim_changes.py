"""A class that was deployed is unique in another way than its jobs."""

import pytest

from tests.jobs.store.claiming import HOUR, end, faults, holders, job, push
from tests.jobs.store.sample_queue import raw_payload

pytestmark = pytest.mark.redis

NEWER = {
    "replace": {"until": "start", "conflict": "replace"},
    "debounce": {"until": "start", "conflict": "debounce", "max_wait": 5000},
}


@pytest.fixture(params=NEWER)
def newer(request):
    return job("b", **NEWER[request.param])


@pytest.fixture(params=["done", HOUR], ids=["done", "window"])
def older(request):
    return job("a", until=request.param)


def test_job_that_runs_is_not_replaced(q, older, newer):
    push(q, older)
    q.take()

    assert push(q, newer) == {}

    assert q.places() == {"a": ["running"], "b": ["ready"]}
    assert q.payload("a") == raw_payload("a")
    assert holders(q) == {"k": "b"}
    assert faults(q) == []


@pytest.mark.parametrize(
    ("how", "place"), [("retry", "retry"), ("result", "done"), ("finish", None)]
)
def test_job_that_has_begun_or_ended_is_not_replaced(q, older, newer, how, place):
    push(q, older)
    q.take()
    end(q, "a", how)

    assert push(q, newer) == {}

    assert q.places() == {"b": ["ready"]} | ({"a": [place]} if place else {})
    assert holders(q) == {"k": "b"}
    assert faults(q) == []


@pytest.mark.parametrize("how", ["finish", "result", "retry", "dead", "discard", "release"])
def test_end_of_the_old_job_leaves_the_key_of_the_new_one(q, older, newer, how):
    push(q, older)
    q.take()
    push(q, newer)

    end(q, "a", how)

    assert holders(q) == {"k": "b"}
    assert q.is_sound()
    assert faults(q) == []


def test_job_that_waits_is_replaced(q, older, newer):
    push(q, older)

    assert push(q, newer) == {}

    assert q.places() == {"b": ["ready"]}
    assert holders(q) == {"k": "b"}
    assert faults(q) == []
