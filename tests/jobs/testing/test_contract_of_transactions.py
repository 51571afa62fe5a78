"""One contract for collected jobs and for Redis: what waits for a commit."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction

from jobs import Job, JobGone, JobNotPushed, ResultTimeout, Unique
from jobs.testing import drain, mode, run_next
from tests.jobs.testing.noted import RAN, NoteJob

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)


class OneJob(Job):
    unique = Unique()
    keep_result_for = timedelta(hours=1)

    def perform(self) -> None:
        """Do nothing."""


@pytest.fixture(autouse=True)
def nothing_ran():
    RAN.clear()


def test_job_runs_after_the_commit_and_not_before(side):
    with transaction.atomic():
        NoteJob.enqueue("waits")
        NoteJob.using(commit="immediate").enqueue("goes")
        side.run()
        assert RAN == ["goes"]

    side.run()
    assert RAN == ["goes", "waits"]


def test_rollback_of_any_database_takes_the_job_along(side):
    with transaction.atomic():
        with suppress(ZeroDivisionError), transaction.atomic("fake_services"):
            NoteJob.enqueue("dropped")
            raise ZeroDivisionError
        NoteJob.enqueue("kept")

    assert side.kept() == [["kept"]]


def test_job_waits_for_the_commits_of_all_databases(side):
    with transaction.atomic():
        with transaction.atomic("fake_services"):
            NoteJob.enqueue("waits")
        side.run()
        assert RAN == []

    side.run()
    assert RAN == ["waits"]


def test_duplicate_of_an_open_transaction_is_not_there_yet_either(side):
    with transaction.atomic():
        first, second = OneJob.enqueue(), OneJob.enqueue()
        for each in (first, second):
            with pytest.raises(JobNotPushed):
                each.result(timeout=0)

    with pytest.raises(ResultTimeout):
        first.result(timeout=0)
    with pytest.raises(JobGone):
        second.result(timeout=0)


def test_hook_that_enqueues_at_the_commit_takes_no_job_away(side):
    with transaction.atomic():
        transaction.on_commit(lambda: NoteJob.enqueue("hook"))
        NoteJob.enqueue("job")

    assert sorted(side.kept()) == [["hook"], ["job"]]


def test_drain_says_what_waits_for_a_commit():
    with mode("fake"):
        with transaction.atomic():
            NoteJob.enqueue(1)
            with pytest.raises(AssertionError, match=r"1 job waits .* commit.*NoteJob"):
                drain()
            assert run_next() is None

        assert drain() == 1


@pytest.mark.django_db(databases=["default", "fake_services"], transaction=False)
def test_transaction_of_another_database_counts_inside_of_a_test_case():
    with mode("fake"):
        with suppress(ZeroDivisionError), transaction.atomic("fake_services"):
            NoteJob.enqueue("dropped")
            raise ZeroDivisionError
        NoteJob.enqueue("kept")

        assert drain() == 1

    assert RAN == ["kept"]
