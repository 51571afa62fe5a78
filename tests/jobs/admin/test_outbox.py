"""The list of the outbox in the admin, to be looked at."""

import pytest
from django.urls import reverse

from jobs.models import OutboxEntry
from tests.jobs.admin.conftest import text
from tests.jobs.features.outbox.stage import KeptJob

URL = "/admin/jobs/outboxentry/"


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


def test_list_shows_what_waits_and_why(row, boss):
    page = text(boss.get(URL))

    assert row.job_id in page
    assert "stage.KeptJob" in page
    assert "ResponseError: a secret" in page
    assert "4711" not in page


def test_who_may_not_see_arguments_sees_no_error(row, log_in):
    clerk = log_in("view_jobs")

    page = text(clerk.get(URL))

    assert row.job_id in page
    assert "a secret" not in page
    assert "a secret" not in text(clerk.get(f"{URL}{row.pk}/change/"))


def test_page_of_a_row_shows_no_payload(row, boss):
    page = text(boss.get(f"{URL}{row.pk}/change/"))

    assert row.job_id in page
    assert "4711" not in page


def test_who_may_not_see_jobs_sees_nothing(row, log_in):
    assert log_in().get(URL).status_code == 403


def test_queue_that_somebody_may_not_see_is_not_listed(row, log_in, settings):
    settings.JOBS = {**settings.JOBS, "QUEUE_ACCESS": f"{__name__}.see_no_queue"}

    assert row.job_id not in text(log_in("view_jobs").get(URL))


def test_nobody_adds_changes_or_deletes_a_row(row, boss):
    assert boss.get(f"{URL}add/").status_code == 403
    assert boss.post(f"{URL}{row.pk}/change/", {"queue": "x"}).status_code == 403
    assert boss.post(f"{URL}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    selected = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    boss.post(URL, selected)

    assert OutboxEntry.objects.get().queue == "kept"


def test_payload_that_cannot_be_read_spoils_no_list(row, boss):
    OutboxEntry.objects.update(payload="{")

    assert row.job_id in text(boss.get(URL))


def test_there_is_a_tab_where_there_is_an_outbox(db, boss, settings):
    tab = f'href="{reverse("admin:jobs_outboxentry_changelist")}"'
    assert tab in text(boss.get("/admin/jobs/"))

    settings.JOBS = {**settings.JOBS, "OUTBOX": False}
    assert tab not in text(boss.get("/admin/jobs/"))
