"""The marks of pushes: when they end, and which of them are kept."""

import pytest
from redis import ResponseError

from jobs.features.outbox import marks as tidying
from jobs.features.outbox.marks import tidy
from jobs.features.outbox.sweeping import sweep
from jobs.models import OutboxEntry
from jobs.store import marks as desk
from jobs.store.marks import Marks
from tests.jobs.features.outbox.stage import QUEUE, enqueue, marks
from tests.jobs.worker.made_jobs import client_of
from tests.waiting import wait_until


def set_marks(store, **scores: float) -> None:
    client_of(store).zadd(store.keys(QUEUE).marks, scores)
    store.intake.announce_queues([QUEUE])


def test_mark_that_has_ended_is_forgotten_and_others_stay(store):
    now = round(store.now() * 1000)
    set_marks(store, over=-(now - 10), ends=-(now + 60_000), open=now)

    tidy(store)

    assert set(marks(store)) == {"ends", "open"}


def test_many_marks_are_forgotten_in_portions(store, monkeypatch):
    monkeypatch.setattr(desk, "MOST_FORGOTTEN", 2)
    now = round(store.now() * 1000)
    set_marks(store, open=now, **{f"over{number}": -(now - number) for number in range(1, 6)})
    client_of(store).config_resetstat()

    tidy(store)

    assert set(marks(store)) == {"open"}
    assert client_of(store).info("commandstats")["cmdstat_zremrangebyscore"]["calls"] == 3


def test_marks_that_are_none_keep_no_other_queue_from_its_end(store):
    client_of(store).set(store.keys("broken").marks, "broken")
    store.intake.announce_queues(["broken"])
    set_marks(store, lost=round(store.now() * 1000) - tidying.OLD - 1000)

    with pytest.raises(ResponseError, match="WRONGTYPE"):
        tidy(store)

    assert marks(store)["lost"] < 0


def test_old_mark_without_a_row_ends(store):
    [kept] = enqueue(1)
    old = round(store.now() * 1000) - tidying.OLD - 1000
    set_marks(store, lost=old, **{kept: old})

    def is_tidy():
        tidy(store)
        return set(marks(store)) == {kept}

    wait_until(is_tidy)  # a mark that ends now is forgotten in the next millisecond
    assert OutboxEntry.objects.get().push == kept


def test_mark_of_a_row_that_is_there_never_ends(store):
    [kept] = enqueue(1)

    tidy(store)

    assert marks(store)[kept] > 0


def test_end_of_a_mark_is_never_brought_forward(store):
    set_marks(store, one=1000)
    ours = Marks(store)

    ours.end({QUEUE: ["one"]}, 5000)
    ours.end({QUEUE: ["one"]}, 3000)
    assert marks(store) == {"one": -5000}

    ours.end({QUEUE: ["one", "other"]}, 7000)
    assert marks(store) == {"one": -7000}


def test_table_and_marks_are_bounded_by_what_is_new(store, let_pass):
    for number in range(5):
        enqueue(number)
    let_pass(10)
    sweep(store)
    assert OutboxEntry.objects.count() == 0

    client_of(store).zadd(store.keys(QUEUE).marks, dict.fromkeys(marks(store), -1))
    tidy(store)

    assert marks(store) == {}


def test_server_without_marks_is_asked_little(store):
    assert Marks(store).seen({}) == {}
    Marks(store).end({QUEUE: []}, 5)

    assert client_of(store).exists(store.keys(QUEUE).marks) == 0
