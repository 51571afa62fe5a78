"""The mirror of the table of schedules in Redis."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace

import pytest
from django.db import connection, connections, transaction

from jobs.errors import JobsError, StoreUnavailable
from jobs.events import ScheduleMirrorFailed, subscribe, unsubscribe
from jobs.features.periodic import MIRROR
from jobs.features.periodic import mirror as mirrors
from jobs.features.periodic.mirror import mirror, mirror_in_turn, take_failure
from jobs.models import ScheduleEntry
from jobs.store import Store
from jobs.store.bounded import time_limit
from jobs.store.kept_schedules import KeptSchedules
from jobs.testing import mode
from jobs.worker.chores import do_within
from jobs.worker.guard import Guard
from tests.jobs.features.periodic.kept_jobs import NAME, row_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(store):
    return KeptSchedules(store)


@pytest.fixture
def away(monkeypatch):
    """Let Redis be away for what is done at commits."""
    away = Store("redis://127.0.0.1:1/0", timeout=0.2)
    monkeypatch.setattr(mirrors, "get_client", lambda: SimpleNamespace(store=away))


def queues(desk):
    return dict(desk.home().queues)


def test_row_is_mirrored_when_it_is_committed(desk):
    with transaction.atomic():
        row_of().save()
        assert desk.home().kept == {}

    assert set(desk.home().kept) == {NAME}
    row_of(name="other", enabled=False).save()
    assert not desk.home().kept[NAME.replace("nightly", "other")].is_on


def test_row_that_is_rolled_back_is_not_mirrored(desk):
    with transaction.atomic():
        row_of().save()
        transaction.set_rollback(True)

    assert desk.home().generation == 0


def test_all_rows_of_a_transaction_are_mirrored_at_once(desk, monkeypatch):
    calls = []
    monkeypatch.setattr(mirrors, "mirror", lambda store: calls.append(1))

    with transaction.atomic():
        for number in range(5):
            row_of(name=f"row-{number}").save()
    ScheduleEntry.objects.all().delete()

    assert len(calls) == 2


def test_change_gets_a_new_revision_and_leaves_others_alone(desk):
    row = row_of()
    row.save()
    row_of(name="other").save()
    before = desk.home().kept

    row.every_seconds = 60
    row.save()

    after = desk.home().kept
    assert after[NAME].revision > before[NAME].revision
    assert [name for name in after if after[name] != before[name]] == [NAME]


def test_nothing_is_written_where_nothing_has_changed(desk, store):
    row_of().save()
    before = desk.home()

    mirror(store)

    assert desk.home() == before


def test_empty_table_is_read_once(desk, store, monkeypatch):
    reads: list[int] = []

    def read():
        reads.append(1)
        return []

    monkeypatch.setattr(mirrors, "read_rows", read)

    mirror(store)

    assert len(reads) == 1


def test_deleted_row_is_retired_in_its_queue_and_at_home_nowhere(desk, store):
    row = row_of()
    row.save()
    revision = desk.home().kept[NAME].revision
    desk.settle([(NAME, revision, "q", "")])
    key = store.keys("q").schedules
    store.client.hset(key, mapping={f"cursor:{NAME}": 1, f"spec:{NAME}": "s"})

    row.delete()

    assert desk.home().kept == queues(desk) == {}
    assert [field.decode() for field in store.client.hgetall(key)] == [f"closed:{NAME}"]


def test_deleted_row_that_nobody_retired_is_retired_later(desk, store):
    """The process that had dropped it from the mirror ended then."""
    row_of().save()
    desk.settle([(NAME, desk.home().kept[NAME].revision, "q", "")])
    ScheduleEntry.objects.all()._raw_delete("default")
    assert desk.write(desk.home().generation, {}, [NAME])
    store.client.hset(store.keys("q").schedules, f"cursor:{NAME}", 1)

    mirror(store)

    assert queues(desk) == {}
    assert not store.client.hexists(store.keys("q").schedules, f"cursor:{NAME}")


def test_change_stands_while_redis_is_away_and_the_chore_repairs_the_mirror(desk, store, away):
    failures: list[ScheduleMirrorFailed] = []
    subscribe(ScheduleMirrorFailed, at_once=True)(failures.append)

    row_of().save()

    unsubscribe(failures.append)
    assert ScheduleEntry.objects.count() == len(failures) == 1
    assert isinstance(failures[0].error, StoreUnavailable)
    assert "cannot be used" in take_failure()
    assert take_failure() == ""
    assert desk.home().kept == {}
    mirror_in_turn(store)
    assert set(desk.home().kept) == {NAME}


def test_row_that_was_deleted_while_redis_was_away_is_gone_with_the_next_turn(
    desk, store, monkeypatch
):
    row = row_of()
    row.save()
    away = Store("redis://127.0.0.1:1/0", timeout=0.2)
    monkeypatch.setattr(mirrors, "get_client", lambda: SimpleNamespace(store=away))
    row.delete()
    assert set(desk.home().kept) == {NAME}

    mirror_in_turn(store)

    assert desk.home().kept == {}


def test_turn_is_left_to_others_and_keeps_no_connection(desk, store):
    mirror_in_turn(store)
    assert connection.connection is None
    assert store.client.pttl(store.shared.mirroring) < 1_000 * mirrors.MIRROR_EVERY - 500
    row_of(name="by-another-way").save()
    ScheduleEntry.objects.update(enabled=False)

    mirror_in_turn(store)  # somebody has it already

    assert all(kept.is_on for kept in desk.home().kept.values())


def test_slow_database_leaves_the_chore_time_to_write_the_mirror(desk, store):
    """Its time counts from its start.

    A write that comes too late is told nobody.
    """
    ScheduleEntry.objects.bulk_create([row_of()])
    left: list[float] = []

    def look(execute, *query):
        left.append((time_limit.deadline or 0.0) - time.monotonic())
        return execute(*query)

    with connection.execute_wrapper(look):
        do_within(Guard(), MIRROR.for_store(lambda: store), None)

    assert set(desk.home().kept) == {NAME}
    assert min(left) > 5


@pytest.mark.parametrize("is_deleted", [False, True])
def test_old_read_of_a_chore_overwrites_no_newer_commit(desk, store, monkeypatch, is_deleted):
    row = row_of()
    row.save()
    read = mirrors.read_documents
    reads = []

    def read_and_be_overtaken():
        documents = read()
        reads.append(documents)
        if len(reads) == 1:
            monkeypatch.setattr(mirrors, "read_documents", read)
            row.every_seconds = 60
            row.delete() if is_deleted else row.save()
            monkeypatch.setattr(mirrors, "read_documents", read_and_be_overtaken)
            documents = {**documents, "tests.AJob:db.gone": "on {}"}
        return documents

    monkeypatch.setattr(mirrors, "read_documents", read_and_be_overtaken)
    mirror(store)

    assert len(reads) == 2
    if is_deleted:
        assert desk.home().kept == {}
    else:
        assert '"every": 60' in desk.home().kept[NAME].document


def test_processes_that_mirror_at_once_end_with_what_the_table_says(desk, store, redis_url):
    rows = [row_of(name=f"row-{number}") for number in range(3)]
    for row in rows:
        row.save()

    def change(row):
        store = Store(redis_url, timeout=5.0)
        try:
            for seconds in range(1, 15):
                ScheduleEntry.objects.filter(pk=row.pk).update(every_seconds=seconds)
                with suppress(JobsError):  # the others were faster ten times
                    mirror(store)
        finally:
            connections.close_all()

    with ThreadPoolExecutor() as pool:
        list(pool.map(change, rows))
    mirror(store)

    documents = [kept.document for kept in desk.home().kept.values()]
    assert len(documents) == 3
    assert all('"every": 14' in document for document in documents)


def test_row_that_is_too_long_or_one_too_many_is_left_out(desk, store, monkeypatch):
    monkeypatch.setattr(mirrors, "MOST_ENTRIES", 2)
    row_of(name="long", args=f'["{"x" * 20_000}"]').save()
    row_of().save()
    row_of(name="third").save()

    mirror(store)

    assert set(desk.home().kept) == {NAME}


def test_row_that_is_no_text_is_left_out(desk, store, monkeypatch):
    """SQLite keeps bytes in any column."""
    monkeypatch.setattr(mirrors, "read_rows", lambda: [row_of(name="raw", args=b"\xff"), row_of()])

    mirror(store)

    assert set(desk.home().kept) == {NAME}


def test_change_stands_whatever_redis_says(desk, store):
    store.client.set(store.shared.schedules, "no hash")
    called = []

    with transaction.atomic():
        row_of().save()
        transaction.on_commit(lambda: called.append(1))

    assert called
    assert ScheduleEntry.objects.count() == 1
    assert "WRONGTYPE" in take_failure()


def test_change_that_others_always_overtake_is_told(desk, monkeypatch):
    monkeypatch.setattr(KeptSchedules, "write", lambda *args: 0)

    row_of().save()

    assert "at the same time" in take_failure()


def test_generation_that_is_no_number_begins_anew(desk, store):
    store.client.hset(store.shared.schedules, "generation", "x")

    row_of().save()

    assert set(desk.home().kept) == {NAME}
    assert desk.home().generation > 0


@pytest.mark.parametrize("name", ["fake", "inline"])
def test_tests_without_redis_mirror_nothing(desk, name):
    with mode(name):
        row_of().save()
    assert desk.home().generation == 0

    row_of(name="second").save()
    assert len(desk.home().kept) == 2


def test_redis_that_forgot_everything_is_told_again(desk, store):
    row_of().save()
    before = desk.home().kept[NAME].revision
    store.client.flushall()

    mirror_in_turn(store)

    assert desk.home().kept[NAME].revision > before
