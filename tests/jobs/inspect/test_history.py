"""The history: each day counted once, today last."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs import inspect
from tests.jobs.inspect.filling import fetch, finish, push, token


def today(reader):
    return datetime.fromtimestamp(reader.now(), UTC).date()


def test_attempts_of_all_queues_are_counted_on_their_day(store, reader):
    for queue in ("default", "high"):
        push(store, queue, count=2)
        done, failed = fetch(store, queue, count=2)
        finish(store, done, queue=queue)
        store.running.fail(queue, token(store, failed, queue), failed, b"{}", "dead")
    day = (today(reader) - datetime(1970, 1, 1, tzinfo=UTC).date()).days
    store.client.hset(store.keys("high").stats, f"processed:{day - 2}", 7)

    days = inspect.history(3, reader)

    assert [(d.processed, d.failed) for d in days] == [(7, 0), (0, 0), (4, 2)]
    assert [d.date for d in days] == [today(reader) - timedelta(days=n) for n in (2, 1, 0)]


@pytest.mark.parametrize("days", [1, 7, 180])
def test_a_fresh_redis_has_a_history_of_nothing(reader, days):
    assert [(d.processed, d.failed) for d in inspect.history(days, reader)] == [(0, 0)] * days


@pytest.mark.parametrize("days", [0, 181])
def test_a_history_that_is_not_kept_is_refused(reader, days):
    with pytest.raises(ValueError, match="1 to 180 days"):
        inspect.history(days, reader)
