"""Where things stand on the pages of the control room."""

import pytest
from django.test import override_settings

from tests.browser.control_room import JOB_CLASS, announce_schedule, make_user, visit
from tests.jobs.unique_jobs import PlaceJob

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "fake_services"]),
]
WIDE = {"width": 1400, "height": 900}


class PaymentJob(PlaceJob):
    queue = "payments"


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_all_tabs_stand_in_one_line_and_the_find_box_in_that_of_the_title(
    chromium, live_server, store, language
):
    with (
        override_settings(LANGUAGE_CODE=language),
        visit(chromium, live_server.url, make_user(is_superuser=True), viewport=WIDE) as page,
    ):
        page.goto("/admin/jobs/")
        tops = {tab.bounding_box()["y"] for tab in page.locator(".jobs-tabs a").all()}
        title = page.get_by_role("heading", level=1).last.bounding_box()
        find = page.locator("#jobs-find-id").bounding_box()

    assert len(tops) == 1
    assert find["y"] <= title["y"] + title["height"] / 2 <= find["y"] + find["height"]


def test_find_box_is_wide_enough_for_an_id_on_a_phone(chromium, live_server, store):
    size = {"width": 400, "height": 800}
    with visit(chromium, live_server.url, make_user(is_superuser=True), viewport=size) as page:
        page.goto("/admin/jobs/")
        assert page.locator("#jobs-find-id").bounding_box()["width"] > 250


def test_name_of_a_queue_stays_whole_beside_long_arguments(chromium, live_server, store):
    PaymentJob.using(commit="immediate").enqueue(1, "a text " * 20)
    lines = "cell => { const range = document.createRange(); range.selectNodeContents(cell); "
    lines += "return range.getClientRects().length }"
    with visit(chromium, live_server.url, make_user(is_superuser=True), viewport=WIDE) as page:
        page.goto("/admin/jobs/unique/")
        assert page.get_by_role("cell", name="payments", exact=True).evaluate(lines) == 1


def test_job_of_each_run_of_a_schedule_is_in_sight(chromium, live_server, store):
    announce_schedule(store, JOB_CLASS, "high")
    with visit(chromium, live_server.url, make_user(is_superuser=True), viewport=WIDE) as page:
        page.goto(f"/admin/jobs/schedules/{JOB_CLASS}/")
        columns = page.locator(".jobs-columns .jobs-box").all()
        runs, following = (column.bounding_box()["width"] for column in columns)

    assert runs > 1.8 * following
