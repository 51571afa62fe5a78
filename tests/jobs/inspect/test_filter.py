"""The filter: what it finds among jobs that differ in one thing each."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs.inspect import shape_of
from jobs.inspect.filter import Filter
from jobs.inspect.job_sets import job_set
from tests.jobs.inspect.filling import failure, put

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def ids(store):
    """Put some jobs into the dead set.

    Returns their ids by a short name.
    """
    jobs = {
        "plain": {},
        "order": {
            "job_class": "orders.CompleteOrderJob",
            "args": [7],
            "kwargs": {"note": 'a "quoted" Ümlaut'},
        },
        "secret": {"kwargs": {"password": "hunter2"}},
        "declined": {"errors": [failure("orders.Declined", "Card 4711 declined by 'bank'")]},
        "timeout": {
            "errors": [
                failure("orders.Declined", "older"),
                failure("TimeoutError", "after 3.5 s\nat host a"),
            ]
        },
    }
    return {put(store, "dead", **fields): name for name, fields in jobs.items()}


def found(ids, reader, **wanted):
    return {ids[job.id] for job in job_set("dead", Filter(**wanted), reader=reader).jobs}


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, {"plain", "order", "secret", "declined", "timeout"}),
        ({"job_class": "orders.CompleteOrderJob"}, {"order"}),
        ({"job_class": "orders.CompleteOrder"}, set()),
        ({"error": "declined"}, {"declined"}),
        ({"error": "card 4711"}, {"declined"}),
        ({"error": "TimeoutError"}, {"timeout"}),
        ({"error_class": "TimeoutError"}, {"timeout"}),
        ({"error_class": "Timeout"}, set()),
        ({"error_class": "orders.Declined", "shape": "Card … declined by …"}, {"declined"}),
        ({"shape": "Card … declined"}, set()),
        ({"text": "QUOTED 7"}, {"order"}),
        ({"text": '"quoted"'}, {"order"}),
        ({"text": "Ümlaut"}, {"order"}),
        ({"text": "note"}, {"order"}),
        ({"text": "CompleteOrderJob"}, set()),
        ({"queue": "high"}, set()),
    ],
)
def test_filter_finds(ids, reader, wanted, names):
    assert found(ids, reader, **wanted) == names


def test_secrets_cannot_be_guessed_by_searching(ids, reader):
    assert found(ids, reader, text="password") == {"secret"}
    assert found(ids, reader, text="hunter2") == set()


@pytest.mark.parametrize(("name", "field"), [("ready", "enqueued_at"), ("done", "finished_at")])
def test_where_scores_are_no_times_the_payload_tells_the_time(store, reader, name, field):
    early, late = (
        put(store, name, **{field: (NOW + timedelta(hours=n)).timestamp()}) for n in (1, 5)
    )

    assert [
        job.id for job in job_set(name, Filter(since=NOW + timedelta(hours=2)), reader=reader).jobs
    ] == [late]
    assert [
        job.id for job in job_set(name, Filter(until=NOW + timedelta(hours=2)), reader=reader).jobs
    ] == [early]


@pytest.mark.parametrize(
    ("message", "shape"),
    [
        ("Order 17 not found", "Order … not found"),
        ("no such host 'a.example' (0x7f3a)", "no such host …"),
        ("key 0193f2c4-aaaa-7bbb-8ccc-123456789abc is taken", "key … is taken"),
        ("took 3.5 s at 10:22:01\nline 2", "took … at …"),
        ("dead beef", "dead beef"),
        ("", ""),
        ("x" * 500, "x" * 300),
    ],
)
def test_shape_leaves_out_what_differs(message, shape):
    assert shape_of(message) == shape
