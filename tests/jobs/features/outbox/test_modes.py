"""The outbox in tests of a project, where jobs are collected."""

from contextlib import suppress

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError
from django.test import TestCase

from jobs.models import OutboxEntry
from jobs.testing import JobsTestMixin, drain, enqueued_jobs, mode
from tests.jobs.features.outbox.stage import KeptJob, LooseJob, Rollback

BOTH = pytest.mark.django_db(transaction=True, databases=["default", "fake_services"])


@pytest.fixture(autouse=True)
def fake():
    with mode("fake"):
        yield


def numbers() -> list[int]:
    return [payload.args[0] for payload in enqueued_jobs()]


def test_job_is_collected_and_no_row_is_written():
    with transaction.atomic():
        KeptJob.enqueue(1)
    KeptJob.enqueue(2)

    assert numbers() == [1, 2]
    assert OutboxEntry.objects.count() == 0
    assert drain() == 2


def test_rollback_takes_it_along():
    with suppress(Rollback), transaction.atomic():
        KeptJob.enqueue(1)
        raise Rollback

    assert numbers() == []


@BOTH
def test_two_transactions_are_refused_as_they_are_for_real():
    with (
        transaction.atomic("fake_services"),
        transaction.atomic(),
        pytest.raises(TransactionManagementError, match="OUTBOX"),
    ):
        KeptJob.enqueue(1)

    assert numbers() == []


@BOTH
def test_rollback_of_a_database_that_does_not_count_changes_nothing(settings):
    settings.JOBS = {**settings.JOBS, "OUTBOX": "default"}
    with suppress(Rollback), transaction.atomic("fake_services"):
        with transaction.atomic():
            KeptJob.enqueue(1)
            LooseJob.using(commit="immediate").enqueue(2)
        raise Rollback

    assert numbers() == [1, 2]


class InsideOfTestCase(JobsTestMixin, TestCase):
    databases = {"default", "fake_services"}

    def test_transactions_around_a_test_decide_nothing(self):
        KeptJob.enqueue(1)
        with suppress(Rollback), transaction.atomic():
            KeptJob.enqueue(2)
            raise Rollback

        assert numbers() == [1]
