"""Where things stand on the pages of the control room."""

import pytest
from django.test import override_settings

from jobs import inspect
from tests.browser.control_room import JOB_CLASS, announce_schedule, furnish, make_user, visit
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


@pytest.mark.parametrize("name", ["scheduled", "retry", "dead"])
def test_on_a_phone_the_first_job_is_on_the_first_screen(chromium, live_server, store, name):
    furnish(store)
    size = {"width": 400, "height": 800}
    with visit(chromium, live_server.url, make_user(is_superuser=True), viewport=size) as page:
        page.goto(f"/admin/jobs/{name}/")
        row = page.locator(".jobs-cards tbody tr").first.bounding_box()
        assert row["y"] + row["height"] < 800
        assert not page.get_by_label("Search", exact=True).is_visible()

        page.get_by_text("Search and narrow down").click()
        page.get_by_label("Search", exact=True).fill("queue:default")
        page.get_by_role("button", name="Filter", exact=True).click()
        assert page.get_by_label("Search", exact=True).input_value() == "queue:default"


def test_on_a_large_screen_the_search_is_in_sight_at_once(chromium, live_server, store):
    furnish(store)
    with visit(chromium, live_server.url, make_user(is_superuser=True), viewport=WIDE) as page:
        page.goto("/admin/jobs/dead/")
        assert page.get_by_label("Search", exact=True).is_visible()
        assert not page.get_by_text("Search and narrow down").is_visible()


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_buttons_of_failures_are_not_cut_off(chromium, live_server, store, language):
    furnish(store)
    size = {"width": 1280, "height": 900}
    with (
        override_settings(LANGUAGE_CODE=language),
        visit(chromium, live_server.url, make_user(is_superuser=True), viewport=size) as page,
    ):
        page.goto("/admin/jobs/failures/")
        table = page.locator(".jobs-scroll").first
        assert table.evaluate("box => box.scrollWidth - box.clientWidth") <= 0


@pytest.mark.parametrize("language", ["en", "de", "fr"])
@pytest.mark.parametrize("width", [400, 1400])
def test_tabs_with_counts_stand_in_one_line(
    chromium, live_server, store, monkeypatch, language, width
):
    many = dict.fromkeys(("scheduled", "retry", "dead", "done"), 123_456)
    monkeypatch.setattr(inspect, "set_sizes", lambda *args: many)
    size = {"width": width, "height": 900}
    with (
        override_settings(LANGUAGE_CODE=language),
        visit(chromium, live_server.url, make_user(is_superuser=True), viewport=size) as page,
    ):
        page.goto("/admin/jobs/dead/")
        tops = {tab.bounding_box()["y"] for tab in page.locator(".jobs-tabs a").all()}
        assert len(tops) == 1
        over = "tabs => tabs.scrollWidth - tabs.clientWidth"
        assert width < 1400 or page.locator(".jobs-tabs").evaluate(over) <= 0
        assert page.locator(".jobs-count").all_inner_texts() == ["123k"] * 4
        assert page.evaluate("document.documentElement.scrollWidth") <= width
