"""What is to be done when a transaction has pushed its jobs."""

import pytest
from django.db import transaction

from jobs import Job
from jobs.commit import call_after_push
from tests.jobs.enqueued import arguments

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)


class NoteJob(Job):
    def perform(self, text: str) -> None:
        """Do nothing."""


@pytest.fixture
def seen(store):
    """Return what was in the queue at each call, and the function to call."""
    calls = []
    return calls, lambda duplicates: calls.append(arguments(store))


def test_it_is_called_at_once_without_a_transaction(seen):
    calls, call = seen
    call_after_push(call)

    assert calls == [[]]


def test_it_is_called_once_when_all_jobs_are_pushed(seen):
    calls, call = seen
    with transaction.atomic():
        NoteJob.enqueue("a")
        call_after_push(call)
        NoteJob.enqueue("b")
        assert calls == []

    assert calls == [[["a"], ["b"]]]


def test_it_goes_with_its_savepoint(seen):
    calls, call = seen
    with transaction.atomic():
        NoteJob.enqueue("a")
        with transaction.atomic():
            call_after_push(call)
            transaction.set_rollback(True)

    assert calls == []


def test_it_waits_for_the_commits_of_all_databases(seen):
    calls, call = seen
    with transaction.atomic(using="fake_services"):
        with transaction.atomic():
            NoteJob.enqueue("a")
            call_after_push(call)
        assert calls == []

    assert calls == [[["a"]]]
