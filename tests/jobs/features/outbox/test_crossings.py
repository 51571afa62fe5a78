"""Rows of code that has changed since, and transactions of other shapes."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from jobs.features.outbox.sweeping import sweep
from jobs.models import OutboxEntry
from tests.jobs.features.outbox.stage import (
    KeptJob,
    end_jobs,
    enqueue,
    fail_to_push,
    in_redis,
)
from tests.jobs.worker.made_jobs import client_of


@pytest.mark.parametrize("payload", ["{}", "no JSON", '{"job_class": "gone.Job"}'])
def test_payload_that_no_worker_understands_goes_its_way(payload, store, let_pass):
    fail_to_push(1)
    OutboxEntry.objects.update(payload=payload)
    let_pass(10)

    sweep(store)

    [raw] = client_of(store).hvals(store.keys("kept").payloads)
    assert raw == payload.encode()


def test_row_goes_into_the_queue_that_its_class_had(store, let_pass, monkeypatch):
    fail_to_push(1)
    monkeypatch.setattr(KeptJob, "queue", "moved")
    let_pass(10)

    sweep(store)

    assert end_jobs(store) == [1]


def test_job_of_a_durable_transaction_is_pushed_at_its_commit(store):
    with transaction.atomic(durable=True), transaction.atomic(savepoint=False):
        KeptJob.enqueue(1)
        assert in_redis(store) == []

    assert in_redis(store) == [1]


def test_hook_may_enqueue_and_open_a_transaction(store):
    with transaction.atomic():
        transaction.on_commit(lambda: KeptJob.enqueue(2))
        transaction.on_commit(lambda: enqueue(3))
        KeptJob.enqueue(1)

    assert sorted(in_redis(store)) == [1, 2, 3]
    assert OutboxEntry.objects.count() == 3


def test_time_of_day_stays_as_it_was_chosen(store, let_pass):
    at = datetime.now(UTC) + timedelta(hours=1)
    fail_to_push(1, job_class=KeptJob.using(run_after=at))
    let_pass(60)

    sweep(store)

    found: list = client_of(store).zrange(store.keys("kept").scheduled, 0, -1, withscores=True)
    [(_, due)] = found
    assert due / 1000 == pytest.approx(at.timestamp(), abs=1)
