"""Sweepers meet a Redis that is full or forgets, and unreadable rows."""

from contextlib import contextmanager, suppress

import pytest

from jobs import StoreUnavailable
from jobs.features.outbox import sweeping
from jobs.features.outbox.sweeping import sweep
from jobs.models import OutboxEntry
from tests.conftest import free_port
from tests.jobs.enqueued import pushes
from tests.jobs.features.outbox.stage import (
    NewestJob,
    OtherJob,
    enqueue,
    fail_to_push,
    in_redis,
    marks,
)
from tests.jobs.worker.made_jobs import client_of


@contextmanager
def full(store):
    client_of(store).config_set("maxmemory", 1)
    try:
        yield
    finally:
        client_of(store).config_set("maxmemory", 0)


def forget(store, queue: str = "kept") -> None:
    """Let Redis forget its last second."""
    keys = store.keys(queue)
    client_of(store).delete(keys.payloads, keys.ready, keys.marks)
    for receipt in client_of(store).scan_iter(f"{{jobs:{queue}}}:pushed:*"):
        client_of(store).delete(receipt)


@pytest.mark.parametrize("change", [{"claim": '{"conflict": "newer"}'}, {"due": "+soon"}])
def test_row_that_cannot_be_read_blocks_nobody(change, store, let_pass):
    fail_to_push(1)
    OutboxEntry.objects.update(**change)
    fail_to_push(2, 3)
    let_pass(10)

    sweep(store)

    assert in_redis(store) == [2, 3]
    row = OutboxEntry.objects.get(attempts=1)
    assert row.error
    let_pass(sweeping.CLAIM.total_seconds())
    OutboxEntry.objects.filter(pk=row.pk).update(claim="", due="+0")
    sweep(store)
    assert in_redis(store) == [2, 3, 1]


def test_broken_marks_of_a_queue_keep_only_its_own_rows(store, let_pass):
    client_of(store).set(store.keys("other").marks, "broken")
    fail_to_push(1, job_class=OtherJob)
    fail_to_push(2)
    let_pass(10)

    sweep(store)

    assert in_redis(store) == [2]
    assert "WRONGTYPE" in OutboxEntry.objects.get(queue="other").error


def test_rows_that_met_a_full_redis_are_pushed_together_when_it_has_room(store, let_pass):
    fail_to_push(*range(20))
    for _ in range(8):
        let_pass(10)
        with full(store), pytest.raises(StoreUnavailable):
            sweep(store)
    client_of(store).config_resetstat()

    sweep(store)

    assert in_redis(store) == list(range(20))
    assert pushes(client_of(store)) == 1


def test_rows_that_met_an_absent_redis_are_not_blamed(settings, store, let_pass, monkeypatch):
    fail_to_push(1, 2)
    let_pass(10)
    there = settings.JOBS
    gone = f"redis://127.0.0.1:{free_port()}/0"
    settings.JOBS = {**there, "REDIS_URL": gone, "ENQUEUE_TIMEOUT": 0.3}
    looks = [store.now, vanish]
    monkeypatch.setattr(type(store), "now", lambda _: looks.pop(0)())

    with pytest.raises(StoreUnavailable):
        sweep(store)

    assert set(OutboxEntry.objects.values_list("attempts", flat=True)) == {0}
    monkeypatch.undo()
    settings.JOBS = there
    sweep(store)
    assert in_redis(store) == [1, 2]


def vanish() -> float:
    raise StoreUnavailable("redis://there", OSError("refused"))


def test_swept_job_that_redis_forgets_at_once_comes_back(store, let_pass):
    fail_to_push(1)
    let_pass(10)
    sweep(store)
    assert in_redis(store) == [1]
    forget(store)

    let_pass(10)
    sweep(store)

    assert in_redis(store) == [1]


def test_job_of_a_long_transaction_that_redis_forgets_at_once_comes_back(store, let_pass):
    enqueue(1)
    OutboxEntry.objects.update(created_at="2020-01-01T00:00Z", next_at="2020-01-01T00:00Z")
    sweep(store)
    forget(store)

    let_pass(10)
    sweep(store)

    assert in_redis(store) == [1]


def test_mark_keeps_its_hour_where_the_sweeper_died_after_its_push(store, let_pass, monkeypatch):
    fail_to_push(1)
    let_pass(10)
    send = sweeping._Sweep._send

    def send_and_die(*args: object) -> None:
        send(*args)
        raise SystemExit

    monkeypatch.setattr(sweeping._Sweep, "_send", send_and_die)
    with suppress(SystemExit):
        sweep(store)
    monkeypatch.undo()
    let_pass(70)

    sweep(store)

    assert OutboxEntry.objects.count() == 0
    [ends_at] = [-score for score in marks(store).values()]
    assert ends_at - store.now() * 1000 > sweeping.KEEP_SWEPT_MARK / 2


def test_swept_job_replaces_an_older_one(store, let_pass):
    enqueue(1, job_class=NewestJob)
    fail_to_push(2, job_class=NewestJob)
    let_pass(10)

    sweep(store)

    assert in_redis(store) == [2]


def test_swept_job_gives_way_to_a_newer_one(store, let_pass):
    fail_to_push(1, job_class=NewestJob)
    enqueue(2, job_class=NewestJob)
    let_pass(10)

    sweep(store)

    assert in_redis(store) == [2]
    let_pass(10)
    sweep(store)
    assert OutboxEntry.objects.count() == 0


def test_job_of_a_chosen_id_is_neither_older_nor_newer(store, let_pass):
    fail_to_push(1, job_class=NewestJob.using(id="mine"))
    enqueue(2, job_class=NewestJob)
    let_pass(10)

    sweep(store)

    assert in_redis(store) == [1]
