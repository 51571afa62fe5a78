"""Transactions by hand, with autocommit off, and commit hooks of others that raise."""

from contextlib import contextmanager, suppress

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from jobs import Job
from jobs.testing import mode
from tests.jobs.enqueued import arguments

DATABASES = ["default", "fake_services"]
transactional = pytest.mark.django_db(databases=DATABASES, transaction=True)


class NoteJob(Job):
    def perform(self, text: str) -> None:
        """Do nothing."""


@contextmanager
def autocommit_off(using="default"):
    """Manage transactions by hand inside the block."""
    transaction.set_autocommit(False, using=using)
    try:
        yield
    finally:
        transaction.rollback(using=using)
        transaction.set_autocommit(True, using=using)


@transactional
class TestTransactionsByHand:
    @pytest.mark.parametrize("alias", DATABASES)
    def test_job_that_would_be_pushed_before_the_commit_is_refused(self, store, alias):
        refusal = rf"off on the database '{alias}'.*transaction\.atomic.*commit=\"immediate\""

        with autocommit_off(alias), pytest.raises(TransactionManagementError, match=refusal):
            NoteJob.enqueue("a")

        assert arguments(store) == []

    def test_nothing_is_pushed_before_the_commit(self, store):
        with autocommit_off(), suppress(TransactionManagementError):
            NoteJob.enqueue("a")

        assert arguments(store) == []

    def test_job_that_a_later_rollback_would_drop_is_refused(self, store):
        with autocommit_off(), transaction.atomic(), pytest.raises(TransactionManagementError):
            NoteJob.enqueue("a")

        assert arguments(store) == []

    def test_job_of_another_database_is_refused_too(self, store):
        with autocommit_off("fake_services"), pytest.raises(TransactionManagementError):
            transaction.atomic(NoteJob.enqueue)("a")

        assert arguments(store) == []

    def test_immediate_is_the_way_out(self, store):
        with autocommit_off():
            transaction.commit()
            NoteJob.using(commit="immediate").enqueue("a")

            assert arguments(store) == [["a"]]

    def test_jobs_wait_as_ever_when_autocommit_is_on_again(self, store):
        with autocommit_off():
            pass
        with transaction.atomic():
            NoteJob.enqueue("a")
            before = arguments(store)

        assert (before, arguments(store)) == ([], [["a"]])

    def test_connection_that_is_closed_has_no_transaction(self, store):
        transaction.set_autocommit(False)
        connection.close()

        NoteJob.enqueue("a")

        assert arguments(store) == [["a"]]

    def test_collected_jobs_are_refused_as_well(self):
        with mode("fake"), autocommit_off(), pytest.raises(TransactionManagementError):
            NoteJob.enqueue("a")


@transactional
class TestHooksOfOthers:
    """See docs/guarantees.md: Django runs no hook after one that raises."""

    def test_hook_that_raises_before_the_push_drops_the_jobs(self, store):
        with suppress(ZeroDivisionError), transaction.atomic():
            transaction.on_commit(lambda: 1 / 0)
            NoteJob.enqueue("a")

        assert arguments(store) == []

    def test_hook_that_is_robust_drops_nothing(self, store, caplog):
        with transaction.atomic():
            transaction.on_commit(lambda: 1 / 0, robust=True)
            NoteJob.enqueue("a")

        assert arguments(store) == [["a"]]

    def test_hook_that_raises_after_the_push_drops_nothing(self, store):
        with suppress(ZeroDivisionError), transaction.atomic():
            NoteJob.enqueue("a")
            transaction.on_commit(lambda: 1 / 0)

        assert arguments(store) == [["a"]]

    def test_jobs_of_the_next_transaction_come_without_those_that_were_dropped(self, store):
        with suppress(ZeroDivisionError), transaction.atomic():
            transaction.on_commit(lambda: 1 / 0)
            NoteJob.enqueue("a")
        with transaction.atomic():
            NoteJob.enqueue("b")

        assert arguments(store) == [["b"]]
