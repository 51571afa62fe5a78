"""One contract for collected jobs and for Redis: what waits for a commit."""

from contextlib import suppress

import pytest
from django.db import transaction

from jobs import Job
from jobs.testing import drain, mode, run_next

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)
RAN: list[object] = []


class NoteJob(Job):
    def perform(self, what: object) -> None:
        RAN.append(what)


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
