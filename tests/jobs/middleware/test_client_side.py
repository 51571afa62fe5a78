"""What a client middleware returns.

It is checked before it reaches Redis, and what it says counts.
"""

import time
from datetime import timedelta

import pytest

from jobs import Job, Middleware
from jobs.errors import InvalidPayload
from tests.jobs.enqueued import payloads


class NoteJob(Job):
    def perform(self) -> None:
        """Do nothing."""


class Changing(Middleware):
    """Returns what a test wants."""

    change = staticmethod(lambda payload: payload)

    def enqueue(self, payload):
        return Changing.change(payload)


@pytest.fixture
def returns(settings, monkeypatch):
    """Return a function that tells the middleware what to make of a payload."""
    settings.JOBS = {"MIDDLEWARE": [f"{__name__}.Changing"]}
    return lambda change: monkeypatch.setattr(Changing, "change", staticmethod(change))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": ""}, "id is ''"),
        ({"id": "x" * 65}, "id is 'xxx"),
        ({"id": "x" * 1_000_000}, "id is 'xxx"),
        ({"id": "a b"}, "id is 'a b'"),
        ({"id": "a|b"}, "id is"),
        ({"id": "a#1"}, "id is"),
        ({"id": "a\n"}, "id is"),
        ({"id": "é"}, "id is"),
        ({"id": "\udcff"}, "id is"),
        ({"id": 7}, "id is of type int"),
        ({"queue": "no spaces"}, "queue is 'no spaces'"),
        ({"queue": "x" * 1_000_000}, "queue is 'xxx"),
        ({"queue": None}, "queue is of type NoneType"),
        ({"priority": 101}, "priority is 101"),
        ({"priority": True}, "priority is of type bool"),
        ({"run_after": 1e300}, "run_after is"),
        ({"run_after": float("nan")}, "run_after is"),
        ({"enqueued_at": -1.0}, "enqueued_at is"),
        ({"failures": -1}, "failures is"),
        ({"args": (1,)}, "args is of type tuple"),
        ({"kwargs": None}, "kwargs is of type NoneType"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_payload_that_cannot_be_is_refused_with_the_middleware(returns, store, changes, message):
    returns(lambda payload: payload.changed(**changes))

    with pytest.raises(InvalidPayload, match=f"Changing.enqueue returned .*{message}") as raised:
        NoteJob.enqueue()

    assert len(str(raised.value)) < 400
    assert store.client.dbsize() == 0


@pytest.mark.parametrize("returned", ["payload", 7, {"id": "a"}])
def test_what_is_no_payload_is_refused(returns, returned):
    returns(lambda payload: returned)

    with pytest.raises(InvalidPayload, match=r"Changing\.enqueue returned"):
        NoteJob.enqueue()


def test_payload_changed_in_its_place_is_checked_too(returns):
    def spoil(payload):
        payload.queue = "no spaces"
        return payload

    returns(spoil)

    with pytest.raises(InvalidPayload, match="queue is 'no spaces'"):
        NoteJob.enqueue()


@pytest.mark.parametrize("job_id", ["a", "!" + "~" * 63, "order:7/confirm"])
def test_id_of_printable_characters_is_kept(returns, store, job_id):
    returns(lambda payload: payload.changed(id=job_id))

    assert NoteJob.enqueue().id == job_id
    assert payloads(store)[0].id == job_id


def test_time_that_a_middleware_sets_is_the_time_of_the_job(returns, store):
    at = round(time.time()) + 3600
    returns(lambda payload: payload.changed(run_after=float(at)))

    enqueued = NoteJob.enqueue()

    assert store.client.zscore(store.keys("default").scheduled, enqueued.id) == at * 1000


def test_time_that_a_middleware_takes_away_is_now(returns, store):
    returns(lambda payload: payload.changed(run_after=None))

    NoteJob.using(run_after=timedelta(hours=1)).enqueue()

    assert store.client.zcard(store.keys("default").ready) == 1
