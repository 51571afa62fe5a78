"""Jobs that are rows: what an enqueue writes, and what its commit pushes."""

import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, connections, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from jobs import InvalidJob, Job, QueueFull, StoreUnavailable, probing
from jobs.chore import Place, brought_to
from jobs.client import Client, get_client
from jobs.commit import call_after_push
from jobs.events import PushPutOff, subscribe, unsubscribe
from jobs.features.outbox import SWEEP, TIDY
from jobs.features.outbox.rows import YOUNG
from jobs.models import OutboxEntry
from jobs.outbox import outbox
from tests.conftest import free_port
from tests.jobs.enqueued import pushes
from tests.jobs.features.outbox.stage import (
    AlwaysJob,
    KeptJob,
    LooseJob,
    OneJob,
    OtherJob,
    Rollback,
    enqueue,
    in_redis,
    marks,
)
from tests.jobs.worker.made_jobs import client_of

BOTH = pytest.mark.django_db(transaction=True, databases=["default", "fake_services"])


@pytest.fixture
def away(settings) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    settings.JOBS = {**settings.JOBS, "REDIS_URL": url, "ENQUEUE_TIMEOUT": 0.3}


@pytest.fixture
def heard():
    events: list[PushPutOff] = []
    subscribe(PushPutOff)(events.append)
    yield events
    unsubscribe(events.append)


def rows() -> list[str]:
    return [row.job_id for row in OutboxEntry.objects.order_by("pk")]


def test_job_is_a_row_of_its_transaction_and_pushed_at_the_commit(store):
    with transaction.atomic():
        job = KeptJob.enqueue(1)
        assert rows() == [job.id]
        assert in_redis(store) == []

    assert in_redis(store) == [1]
    assert rows() == [job.id]
    assert list(marks(store)) == [job.id]


def test_coroutine_leaves_a_row_too(store):
    enqueue(0)  # so that an event loop could send the next
    with transaction.atomic():
        inside = async_to_sync(KeptJob.aenqueue)(1)
        assert in_redis(store) == [0]
    with suppress(Rollback), transaction.atomic():
        async_to_sync(KeptJob.aenqueue)(2)
        raise Rollback
    outside = async_to_sync(KeptJob.aenqueue)(3)

    assert rows()[1:] == [inside.id, outside.id]
    assert in_redis(store) == [0, 1, 3]


def test_jobs_of_one_transaction_are_pushed_in_one_round_trip(store):
    enqueue(0)
    client_of(store).config_resetstat()

    with transaction.atomic():
        for number in (1, 2):
            KeptJob.enqueue(number)

    assert pushes(client_of(store)) == 1
    assert in_redis(store) == [0, 1, 2]


def test_jobs_of_several_queues_are_pushed_together(store):
    with transaction.atomic():
        KeptJob.enqueue(1)
        LooseJob.enqueue(2)
        OtherJob.enqueue(3)

    assert in_redis(store) == [1, 2]
    assert in_redis(store, "other") == [3]
    assert len(rows()) == 2


def test_row_says_when_it_was_written_wherever_the_database_is(store):
    KeptJob.enqueue(1)

    row = OutboxEntry.objects.get()

    assert abs(row.created_at.timestamp() - time.time()) < 60
    assert (row.next_at - row.created_at) == YOUNG


def test_rollback_takes_the_row_along(store):
    with suppress(Rollback), transaction.atomic():
        KeptJob.enqueue(1)
        raise Rollback

    assert rows() == []
    assert in_redis(store) == []


def test_savepoint_that_is_rolled_back_takes_its_rows_along(store):
    with transaction.atomic():
        KeptJob.enqueue(1)
        with suppress(Rollback), transaction.atomic():
            KeptJob.enqueue(2)
            raise Rollback

    assert in_redis(store) == [1]
    assert len(rows()) == 1


def test_commit_succeeds_while_redis_is_away(away, heard):
    job_ids = enqueue(1, 2)

    assert rows() == job_ids
    assert [event.jobs for event in heard] == [2]


def test_absent_redis_is_asked_once_and_not_by_each_commit(away, heard, monkeypatch):
    asked = count_pushes(monkeypatch)

    job_ids = enqueue(1) + enqueue(2) + [KeptJob.enqueue(3).id]

    assert rows() == job_ids
    assert [event.jobs for event in heard] == [1, 1, 1]
    assert len(asked) == 1


def test_job_that_is_not_kept_asks_an_absent_redis_all_the_same(away):
    enqueue(1)

    with pytest.raises(StoreUnavailable):
        LooseJob.enqueue(2)


def test_redis_that_is_back_gets_every_push(settings, store, monkeypatch):
    monkeypatch.setattr(probing, "PAUSE", 0.0)
    client = get_client()
    client.probing.has_failed(StoreUnavailable("redis://there", OSError("refused")))
    asked = count_pushes(monkeypatch)

    enqueue(1)
    enqueue(2)

    assert in_redis(store) == [1, 2]
    assert len(asked) == 2


def count_pushes(monkeypatch) -> list[object]:
    """Return a list that grows with each push that is tried."""
    asked: list[object] = []
    push = Client.push

    def push_and_count(*args: Any, **options: Any) -> Any:
        asked.append(args)
        return push(*args, **options)

    monkeypatch.setattr(Client, "push", push_and_count)
    return asked


def test_commit_fails_where_a_job_that_is_not_kept_is_lost(away, heard):
    def commit():
        with transaction.atomic():
            KeptJob.enqueue(1)
            LooseJob.enqueue(2)

    with pytest.raises(StoreUnavailable):
        commit()

    assert len(rows()) == 1
    assert heard == []


def test_hook_of_another_app_that_raises_loses_no_row(store):
    def fail():
        raise Rollback

    with suppress(Rollback), transaction.atomic():
        transaction.on_commit(fail)
        job = KeptJob.enqueue(1)

    assert rows() == [job.id]
    assert in_redis(store) == []


def test_outside_of_a_transaction_a_row_is_written_and_pushed_at_once(store):
    job = KeptJob.enqueue(1)

    assert in_redis(store) == [1]
    assert rows() == [job.id]


def test_outside_of_a_transaction_an_absent_redis_is_no_error(away, heard):
    job = KeptJob.enqueue(1)

    assert rows() == [job.id]
    assert [event.jobs for event in heard] == [1]


def test_many_jobs_are_kept_batch_by_batch(store):
    jobs = KeptJob.enqueue_many([(number,) for number in range(25)], batch_size=10)

    assert rows() == [job.id for job in jobs]
    assert sorted(in_redis(store)) == list(range(25))


def test_immediate_push_goes_past_the_outbox(store):
    with transaction.atomic():
        KeptJob.using(commit="immediate").enqueue(1)

    assert rows() == []
    assert in_redis(store) == [1]
    assert marks(store) == {}


def test_class_may_keep_its_jobs_where_the_project_does_not(settings, store):
    settings.JOBS = {**settings.JOBS, "OUTBOX": False}

    KeptJob.enqueue(1)
    kept = AlwaysJob.enqueue(2)

    assert rows() == [kept.id]
    assert in_redis(store) == [1, 2]


def test_class_that_keeps_its_jobs_brings_the_chores(settings):
    settings.JOBS = {**settings.JOBS, "OUTBOX": False}
    assert not outbox.is_used

    class AlsoKeptJob(KeptJob):
        outbox = True

    assert outbox.is_used
    names = {chore.name for chore in brought_to(Place.WORKER, lambda: None)}
    assert {SWEEP.name, TIDY.name} <= names


def test_option_belongs_to_the_class():
    with pytest.raises(InvalidJob, match="'outbox' belongs to the class"):
        KeptJob.using(outbox=False)


def test_option_is_true_or_false():
    with pytest.raises(InvalidJob, match="option 'outbox' must be True or False"):

        class WrongJob(Job):
            outbox = "default"

            def perform(self) -> None:
                """Do nothing."""


def test_duplicate_is_known_outside_of_a_transaction(store):
    first = OneJob.enqueue(1)
    second = OneJob.enqueue(1)

    assert (second.id, second.is_duplicate) == (first.id, True)
    assert in_redis(store) == [1]
    assert len(marks(store)) == 2


def test_full_queue_refuses_before_a_row_is_written(settings, store):
    settings.JOBS = {**settings.JOBS, "QUEUE_LIMITS": {"kept": 1}}
    KeptJob.enqueue(1)

    with pytest.raises(QueueFull):
        KeptJob.enqueue(2)

    assert len(rows()) == 1


def test_callbacks_are_called_where_the_push_is_put_off(away):
    called: list[object] = []
    with transaction.atomic():
        KeptJob.enqueue(1)
        call_after_push(called.append)

    assert called == [{}]


def test_chosen_id_may_be_enqueued_again_when_its_job_is_gone(store, run_all):
    KeptJob.using(id="mine").enqueue(1)
    assert run_all() == [1]

    KeptJob.using(id="mine").enqueue(2)

    assert run_all() == [2]


@BOTH
def test_second_transaction_on_another_database_is_refused(store):
    with (
        transaction.atomic("fake_services"),
        transaction.atomic(),
        pytest.raises(TransactionManagementError, match=r"'default' and 'fake_services'|OUTBOX"),
    ):
        KeptJob.enqueue(1)

    assert rows() == []


@BOTH
def test_database_that_is_named_counts_whatever_becomes_of_the_other(settings, store):
    settings.JOBS = {**settings.JOBS, "OUTBOX": "default"}
    with suppress(Rollback), transaction.atomic("fake_services"):
        with transaction.atomic():
            KeptJob.enqueue(1)
        assert in_redis(store) == [1]
        raise Rollback

    assert in_redis(store) == [1]


@BOTH
def test_transaction_on_a_database_without_rows_is_refused():
    with (
        transaction.atomic("fake_services"),
        pytest.raises(TransactionManagementError, match=r"'default'.*'fake_services'"),
    ):
        KeptJob.enqueue(1)


def test_transaction_by_hand_is_refused():
    connections["default"].set_autocommit(False)
    try:
        with pytest.raises(TransactionManagementError, match="by hand"):
            KeptJob.enqueue(1)
    finally:
        connections["default"].rollback()
        connections["default"].set_autocommit(True)


def test_due_time_travels_with_the_row(store):
    with transaction.atomic():
        KeptJob.using(run_after=timedelta(hours=1)).enqueue(1)

    assert OutboxEntry.objects.get().due == "+3600000"
    assert in_redis(store) == [1]


def test_project_without_an_outbox_asks_nobody(settings, store):
    settings.JOBS = {**settings.JOBS, "OUTBOX": False}
    KeptJob.enqueue(0)
    client_of(store).config_resetstat()

    with CaptureQueriesContext(connection) as queries:
        KeptJob.enqueue(1)

    assert len(queries) == 0
    assert pushes(client_of(store)) == 1
    called = set(client_of(store).info("commandstats"))
    assert not called & {"cmdstat_zscore"}
    assert marks(store) == {}
