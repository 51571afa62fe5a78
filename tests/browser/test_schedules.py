"""Somebody makes a schedule in the admin, and overrides one of the code."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from jobs import Cron, Job
from jobs.features.periodic.clockwork import Clockwork
from jobs.features.periodic.entries import entries_of
from jobs.models import ScheduleEntry
from jobs.registry import registry
from tests.browser.control_room import make_user, visit
from tests.jobs.features.periodic.kept_jobs import CLASS, NAME

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "fake_services"]),
]


class NightJob(Job):
    schedule = Cron("30 2 * * *", timezone="Europe/Berlin", margin=timedelta(hours=1))

    def perform(self):
        """Do nothing."""


OF_CODE = registry.name_of(NightJob)


def fill(page: Page, **changes: str) -> None:
    """Fill in the form of a schedule, and save it."""
    page.goto("/admin/jobs/scheduleentry/add/")
    page.locator("select[name=job_class]").select_option(CLASS)
    fields = {"name": "nightly", "cron": "30 2 * * 1-5", "timezone": "Europe/Berlin"}
    for name, value in (fields | changes).items():
        page.locator(f"input[name={name}]").fill(value)
    page.get_by_role("button", name="Save", exact=True).click()


def override(page: Page, **fields: str) -> None:
    """Give the schedule of the code another time."""
    page.goto(f"/admin/jobs/schedules/{OF_CODE}/")
    page.get_by_text("Another time until the code changes").click()
    for name, value in fields.items():
        page.locator(f"input[name={name}]").fill(value)
    page.get_by_role("button", name="Override").click()


def test_schedule_is_made_found_edited_and_switched_off(chromium, live_server, store):
    with visit(chromium, live_server.url, make_user(is_superuser=True)) as page:
        fill(page, cron="61 2 * * *")
        expect(page.get_by_text("The first field is the minute, and '61' is none")).to_be_visible()
        fill(page)
        expect(page.get_by_text("was added successfully")).to_be_visible()

        page.goto("/admin/jobs/schedules/")
        page.get_by_role("link", name=NAME).click()
        expect(page.get_by_text("not announced yet", exact=True)).to_be_visible()
        expect(page.locator(".jobs-timeline li")).to_have_count(10)
        page.get_by_role("link", name="Edit").click()
        page.locator("input[name=enabled]").uncheck()
        page.get_by_role("button", name="Save", exact=True).click()
        page.goto(f"/admin/jobs/schedules/{NAME}/")
        expect(page.get_by_text("Somebody has switched it off")).to_be_visible()

    assert not ScheduleEntry.objects.get().enabled


def test_schedule_of_the_code_is_overridden_and_that_is_taken_back(chromium, live_server, store):
    Clockwork(lambda: entries_of(OF_CODE)).look(store)
    user = make_user("view_jobs", "override_schedule")
    with visit(chromium, live_server.url, user) as page:
        override(page, cron="15 4 * * *", timezone="Asia/Tokyo")
        expect(page.get_by_text("15 4 * * * Asia/Tokyo")).to_be_visible()
        expect(page.get_by_text("30 2 * * * Europe/Berlin")).to_be_visible()

        page.get_by_role("button", name="Take back").click()
        expect(page.get_by_text("by the time of its code again")).to_be_visible()
        expect(page.get_by_text("15 4 * * *")).to_have_count(0)


@pytest.mark.parametrize("width", [1400, 400])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_schedules_have_no_serious_fault(chromium, live_server, store, theme, width):
    options = {
        "bypass_csp": True,
        "color_scheme": theme,
        "viewport": {"width": width, "height": 900},
    }
    with visit(chromium, live_server.url, make_user(is_superuser=True), **options) as page:
        fill(page)
        Clockwork(lambda: entries_of(OF_CODE)).look(store)
        override(page, every_seconds="7200")
        problems = {}
        for path in ("", f"{OF_CODE}/", f"{NAME}/"):
            page.goto(f"/admin/jobs/schedules/{path}")
            for summary in page.locator("details > summary").all():
                summary.click()
            grave = [
                (each["id"], each["nodes"][0]["html"][:150])
                for each in Axe().run(page).response["violations"]
                if each["impact"] in {"serious", "critical"}
            ]
            overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if grave or overflow > 0:
                problems[path] = [*grave, overflow]

    assert problems == {}
