"""The page of the outbox, to be looked at."""

from collections.abc import Iterator

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils.translation import override

from jobs.inspect import outbox_rows
from jobs.inspect.outbox_rows import MOST_ROWS
from jobs.models import OutboxEntry
from tests.conftest import free_port
from tests.jobs.admin.conftest import text
from tests.jobs.features.outbox.stage import KeptJob, fail_to_push

URL = "/admin/jobs/outbox/"


@pytest.fixture(autouse=True)
def kept(settings) -> None:
    settings.JOBS = {**settings.JOBS, "OUTBOX": True}


@pytest.fixture
def row(db, store) -> OutboxEntry:
    """Return a row that was refused. The transaction around the test never commits."""
    KeptJob.enqueue(4711)
    OutboxEntry.objects.update(attempts=3, error="ResponseError: a secret")
    return OutboxEntry.objects.get()


def see_no_queue(user: object, queue: str) -> bool:
    return False


def test_page_shows_what_waits_and_why(row, boss):
    page = text(boss.get(URL))

    assert "1 job waits to be pushed to Redis." in page
    assert row.job_id in page
    assert "stage.KeptJob" in page
    assert "ResponseError: a secret" in page
    assert "4711" not in page


def test_page_says_that_nothing_waits(db, boss):
    assert "No job waits here: what was committed is in Redis." in text(boss.get(URL))


def test_page_is_one_of_the_control_room(db, boss, settings):
    page = text(boss.get(URL))

    assert 'class="jobs-tabs"' in page
    assert f'href="{URL}" aria-current="page"' in page


def test_page_needs_no_redis(row, boss, settings):
    settings.JOBS = {**settings.JOBS, "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}

    assert row.job_id in text(boss.get(URL))


def test_oldest_rows_are_shown_of_many(row, boss):
    KeptJob.enqueue_many([(number,) for number in range(MOST_ROWS)])

    page = text(boss.get(URL))

    assert f"The {MOST_ROWS} oldest of the jobs that wait to be pushed to Redis." in page
    assert row.job_id in page
    assert OutboxEntry.objects.latest("pk").job_id not in page


def test_who_may_not_see_arguments_sees_no_error(row, log_in):
    page = text(log_in("view_jobs").get(URL))

    assert row.job_id in page
    assert "a secret" not in page


def test_who_may_not_see_jobs_sees_nothing(row, log_in):
    assert log_in().get(URL).status_code == 403


def test_queue_that_somebody_may_not_see_is_not_listed(row, log_in, settings):
    settings.JOBS = {**settings.JOBS, "QUEUE_ACCESS": f"{__name__}.see_no_queue"}

    assert row.job_id not in text(log_in("view_jobs").get(URL))


def test_nobody_adds_changes_or_deletes_a_row(row, boss):
    assert boss.post(URL, {"action": "delete_selected"}).status_code == 405
    with pytest.raises(NoReverseMatch):
        reverse("admin:jobs_outboxentry_change", args=[row.pk])

    assert OutboxEntry.objects.get().queue == "kept"


def test_payload_that_cannot_be_read_spoils_no_page(row, boss):
    OutboxEntry.objects.update(payload="{")

    assert row.job_id in text(boss.get(URL))


def test_job_that_is_not_in_redis_yet_is_explained_where_it_is_looked_for(row, boss):
    page = boss.get("/admin/jobs/find/", {"id": row.job_id})

    assert page.status_code == 404
    assert "It has been in the outbox of the database since" in text(page)


def test_id_that_no_database_can_hold_is_not_looked_for(row, boss):
    with CaptureQueriesContext(connection) as asked:
        page = boss.get("/admin/jobs/job/a%00b/")

    assert page.status_code == 404
    assert not [each for each in asked if "outbox" in each["sql"]]


@pytest.fixture
def second_table() -> Iterator[None]:
    """Give the second database a table of its own."""
    with connections["fake_services"].schema_editor() as editor:
        editor.create_model(OutboxEntry)
    yield
    with connections["fake_services"].schema_editor() as editor:
        editor.delete_model(OutboxEntry)


@pytest.fixture
def both(transactional_db, settings) -> None:
    settings.JOBS = {**settings.JOBS, "OUTBOX": ["default", "fake_services"]}


@pytest.mark.django_db(transaction=True, databases=["default", "fake_services"])
def test_rows_of_all_databases_are_shown_with_their_names(both, second_table, boss):
    fail_to_push(1)
    row = OutboxEntry.objects.get()
    row.pk = None
    row.save(using="fake_services")

    assert [each.database for each in outbox_rows().rows] == ["default", "fake_services"]
    assert '<td data-label="Database">fake_services</td>' in text(boss.get(URL))


@pytest.mark.django_db(transaction=True, databases=["default", "fake_services"])
def test_database_without_the_table_hides_no_other(both, boss):
    fail_to_push(1)

    page = text(boss.get(URL))

    assert OutboxEntry.objects.get().job_id in page
    assert "The outbox in the database fake_services cannot be read: " in page


def test_page_speaks_german(row, boss):
    with override("de"):
        page = text(boss.get(URL, headers={"accept-language": "de"}))

    assert "1 Job wartet" in page
    assert "Wartet seit" in page


def test_there_is_a_tab_where_there_is_an_outbox(db, boss, settings):
    tab = f'href="{reverse("admin:jobs_outbox")}"'
    assert tab in text(boss.get("/admin/jobs/"))

    settings.JOBS = {**settings.JOBS, "OUTBOX": False}
    assert tab not in text(boss.get("/admin/jobs/"))
