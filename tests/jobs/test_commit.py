"""Enqueueing and transactions: a job exists if and only if its transaction commits."""

from contextlib import contextmanager, suppress

import pytest
from django.db import connection, connections, transaction
from django.test import TestCase, override_settings

from jobs import Job, StoreUnavailable
from jobs.client import get_client
from tests.conftest import free_port, start_server
from tests.jobs.enqueued import arguments, pushes, reads

DATABASES = ["default", "fake_services"]
transactional = pytest.mark.django_db(databases=DATABASES, transaction=True)


class NoteJob(Job):
    def perform(self, text: str) -> None:
        """Do nothing."""


class HighNoteJob(NoteJob):
    queue = "high"


class Rollback(Exception):
    """Ends a transaction."""


@contextmanager
def rolled_back(using="default"):
    """Open a transaction that is rolled back in the end.

    Inside of another one, it is a savepoint.
    """
    with suppress(Rollback), transaction.atomic(using=using):
        yield
        raise Rollback


@pytest.fixture
def warm(store):
    """Let the process announce its queues and load the scripts.

    So only pushes are counted afterwards.
    """
    for job_class in (NoteJob, HighNoteJob):
        job_class.using(commit="immediate").enqueue("warm")
    for queue in ("default", "high"):
        [ready] = store.client.zrange(store.keys(queue).ready, 0, -1)
        store.sets.move(queue, "ready", "delete", [ready.decode()])
    store.client.config_resetstat()
    return store


@transactional
class TestOneTransaction:
    def test_job_outside_of_a_transaction_is_pushed_at_once(self, store):
        NoteJob.enqueue("a")

        assert arguments(store) == [["a"]]

    def test_nothing_is_pushed_before_the_commit(self, store):
        with transaction.atomic():
            enqueued = NoteJob.enqueue("a")
            before = arguments(store)

        assert before == []
        assert arguments(store) == [["a"]]
        assert len(enqueued.id) == 32

    def test_id_returned_before_the_commit_is_that_of_the_job(self, store):
        with transaction.atomic():
            enqueued = NoteJob.enqueue("a")

        assert store.client.hexists(store.keys("default").payloads, enqueued.id)

    def test_nothing_is_pushed_after_a_rollback(self, store):
        with rolled_back():
            NoteJob.enqueue("a")

        assert arguments(store) == []

    def test_nothing_is_pushed_when_the_rollback_was_asked_for(self, store):
        with transaction.atomic():
            NoteJob.enqueue("a")
            transaction.set_rollback(True)

        assert arguments(store) == []

    def test_jobs_of_a_rolled_back_transaction_do_not_come_with_the_next(self, store):
        with rolled_back():
            NoteJob.enqueue("a")
        with transaction.atomic():
            NoteJob.enqueue("b")

        assert arguments(store) == [["b"]]

    def test_order_of_enqueueing_is_kept(self, store):
        with transaction.atomic():
            for text in "dacb":
                NoteJob.enqueue(text)

        assert arguments(store) == [["d"], ["a"], ["c"], ["b"]]

    def test_hook_of_somebody_else_may_enqueue(self, store):
        with transaction.atomic():
            NoteJob.enqueue("a")
            transaction.on_commit(lambda: NoteJob.enqueue("hook"))

        assert sorted(arguments(store)) == [["a"], ["hook"]]

    def test_immediate_does_not_wait(self, store):
        with rolled_back():
            NoteJob.using(commit="immediate").enqueue("a")

        assert arguments(store) == [["a"]]

    def test_setting_may_say_immediate_and_a_call_may_differ(self, store, settings):
        settings.JOBS = {"ENQUEUE": "immediate"}

        with rolled_back():
            NoteJob.enqueue("a")
            NoteJob.using(commit="on_commit").enqueue("b")

        assert arguments(store) == [["a"]]

    def test_enqueue_many_waits_too(self, store):
        with transaction.atomic():
            NoteJob.enqueue_many([["a"], ["b"]])
            before = arguments(store)

        assert before == []
        assert arguments(store) == [["a"], ["b"]]


@transactional
class TestSavepoints:
    def test_rolled_back_savepoint_takes_only_its_own_jobs_along(self, store):
        with transaction.atomic():
            NoteJob.enqueue("before")
            with rolled_back():
                NoteJob.enqueue("inside")
            NoteJob.enqueue("after")

        assert arguments(store) == [["before"], ["after"]]

    def test_rolled_back_savepoint_may_be_the_last_to_enqueue(self, store):
        with transaction.atomic():
            NoteJob.enqueue("before")
            with rolled_back():
                NoteJob.enqueue("inside")

        assert arguments(store) == [["before"]]

    def test_rolled_back_savepoint_may_be_the_first_to_enqueue(self, store):
        with transaction.atomic():
            with rolled_back():
                NoteJob.enqueue("inside")
            NoteJob.enqueue("after")

        assert arguments(store) == [["after"]]

    def test_nested_blocks_push_at_the_outermost_commit(self, store):
        with transaction.atomic():
            with transaction.atomic():
                with transaction.atomic(savepoint=False):
                    NoteJob.enqueue("a")
                NoteJob.enqueue("b")
            before = arguments(store)

        assert before == []
        assert arguments(store) == [["a"], ["b"]]

    def test_rollback_of_an_outer_savepoint_takes_the_inner_along(self, store):
        with transaction.atomic():
            with rolled_back(), transaction.atomic():
                NoteJob.enqueue("inner")
            NoteJob.enqueue("after")

        assert arguments(store) == [["after"]]


@transactional
class TestRoundTrips:
    def test_transaction_costs_one_push(self, warm):
        with transaction.atomic():
            for text in "abc":
                NoteJob.enqueue(text)
            with transaction.atomic():
                NoteJob.enqueue("d")
            with rolled_back():
                NoteJob.enqueue("e")
            NoteJob.enqueue("f")

        assert pushes(warm.client) == 1
        assert len(arguments(warm)) == 5

    def test_transaction_with_several_queues_costs_one_round_trip(self, warm):
        before = reads(warm.client)

        with transaction.atomic():
            NoteJob.enqueue("a")
            HighNoteJob.enqueue("b")
            NoteJob.enqueue("c")

        assert reads(warm.client) - before == 2  # the push, and the question itself
        assert (arguments(warm), arguments(warm, "high")) == ([["a"], ["c"]], [["b"]])

    def test_transaction_without_jobs_costs_nothing(self, warm):
        with transaction.atomic():
            pass
        with rolled_back():
            NoteJob.enqueue("a")

        assert pushes(warm.client) == 0


@transactional
class TestSeveralDatabases:
    @pytest.mark.parametrize("alias", DATABASES)
    def test_transaction_of_either_database_counts(self, store, alias):
        with transaction.atomic(using=alias):
            NoteJob.enqueue("a")
            before = arguments(store)

        assert before == []
        assert arguments(store) == [["a"]]

    @pytest.mark.parametrize("alias", DATABASES)
    def test_rollback_of_either_database_counts(self, store, alias):
        with rolled_back(alias):
            NoteJob.enqueue("a")

        assert arguments(store) == []

    @pytest.mark.parametrize(("outer", "inner"), [DATABASES, DATABASES[::-1]])
    def test_push_waits_for_both_commits(self, store, outer, inner):
        with transaction.atomic(using=outer):
            with transaction.atomic(using=inner):
                NoteJob.enqueue("a")
            between = arguments(store)

        assert between == []
        assert arguments(store) == [["a"]]

    @pytest.mark.parametrize(("outer", "inner"), [DATABASES, DATABASES[::-1]])
    def test_rollback_of_the_inner_drops_only_what_was_enqueued_in_it(self, store, outer, inner):
        with transaction.atomic(using=outer):
            NoteJob.enqueue("before")
            with rolled_back(inner):
                NoteJob.enqueue("inside")
            NoteJob.enqueue("after")

        assert arguments(store) == [["before"], ["after"]]

    @pytest.mark.parametrize(("outer", "inner"), [DATABASES, DATABASES[::-1]])
    def test_rollback_of_the_outer_drops_all(self, store, outer, inner):
        with rolled_back(outer):
            NoteJob.enqueue("before")
            with transaction.atomic(using=inner):
                NoteJob.enqueue("inside")

        assert arguments(store) == []

    def test_both_transactions_together_cost_one_push(self, warm):
        with transaction.atomic(), transaction.atomic(using="fake_services"):
            NoteJob.enqueue("a")
            NoteJob.enqueue("b")

        assert pushes(warm.client) == 1


@transaction.atomic
def insert_and_enqueue():
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO note VALUES ('a')")
    NoteJob.enqueue("a")


@transactional
class TestAbsentRedis:
    def test_commit_raises_and_keeps_the_data(self, settings):
        url = f"redis://127.0.0.1:{free_port()}/0"
        settings.JOBS = {"REDIS_URL": url, "ENQUEUE_TIMEOUT": 0.2}
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE note (text varchar(10))")
        try:
            with pytest.raises(StoreUnavailable, match=url):
                insert_and_enqueue()

            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM note")
                assert cursor.fetchone() == (1,)
        finally:
            connection.cursor().execute("DROP TABLE note")

    def test_rollback_needs_no_redis(self, settings):
        settings.JOBS = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}

        with rolled_back():
            NoteJob.enqueue("a")

    def test_connection_works_after_a_failed_push(self, store):
        away = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0", "ENQUEUE_TIMEOUT": 0.05}
        with override_settings(JOBS=away), pytest.raises(StoreUnavailable):
            transaction.atomic(NoteJob.enqueue)("a")

        with transaction.atomic():
            NoteJob.enqueue("b")

        assert arguments(store) == [["b"]]

    def test_redis_that_was_restarted_between_two_jobs_gets_both(self, settings, tmp_path):
        port = free_port()
        settings.JOBS = {"REDIS_URL": f"redis://127.0.0.1:{port}/0"}
        options = ("--appendonly", "yes", "--appendfsync", "always")
        server = start_server(port, tmp_path, *options)
        try:
            NoteJob.enqueue("before")
            server.terminate()
            server.wait()
            server = start_server(port, tmp_path, *options)

            with transaction.atomic():
                NoteJob.enqueue("after")

            assert sorted(arguments(get_client().store)) == [["after"], ["before"]]
        finally:
            get_client().store.close()
            server.terminate()
            server.wait()


class InATestCase(TestCase):
    """What Django's own tools for tests make of it.

    The transaction around a test never commits.
    """

    databases = set(DATABASES)

    def setUp(self):
        self.pushed = lambda: arguments(get_client().store)

    def test_job_is_not_pushed(self):
        NoteJob.enqueue("a")

        assert self.pushed() == []

    def test_captured_callbacks_push_when_executed(self):
        with self.captureOnCommitCallbacks(execute=True):
            NoteJob.enqueue("a")
            NoteJob.enqueue("b")
            before = self.pushed()

        assert before == []
        assert self.pushed() == [["a"], ["b"]]

    def test_captured_callbacks_push_each_job_once(self):
        for text in "ab":
            with self.captureOnCommitCallbacks(execute=True):
                NoteJob.enqueue(text)

        assert self.pushed() == [["a"], ["b"]]

    def test_blocks_and_savepoints_inside_work(self):
        with self.captureOnCommitCallbacks(execute=True), transaction.atomic():
            NoteJob.enqueue("a")
            with rolled_back():
                NoteJob.enqueue("b")

        assert self.pushed() == [["a"]]

    def test_callbacks_of_another_database_are_captured_there(self):
        alias = "fake_services"

        with (
            self.captureOnCommitCallbacks(using=alias, execute=True),
            transaction.atomic(using=alias),
        ):
            NoteJob.enqueue("a")

        assert self.pushed() == [["a"]]


def test_databases_of_the_settings_are_two():
    assert list(connections) == DATABASES
