"""The page of the running jobs in a real browser."""

import pytest
from playwright.sync_api import expect

from jobs.store.requests import Requests
from tests.browser.control_room import make_user, visit
from tests.jobs.inspect.at_work import measure, run
from tests.jobs.inspect.filling import WORKER

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "fake_services"]),
]
PHONE = {"width": 400, "height": 900}


@pytest.fixture
def ids(store):
    """Run a job that is stuck and one that is well. Returns their ids."""
    measure(store, "tests.AnyJob", [2.0] * 50)
    return run(
        store,
        ("tests.AnyJob", 200, "mine", {"kwargs": {"order_id": 880_001}}),
        ("tests.WellJob", 3, "mine", {}),
    )


@pytest.mark.parametrize("has_script", [True, False], ids=["with script", "without script"])
def test_stuck_job_is_found_and_cancelled(chromium, live_server, store, ids, has_script):
    user = make_user(is_superuser=True)
    with visit(chromium, live_server.url, user, java_script_enabled=has_script) as page:
        page.goto("/admin/jobs/")
        page.locator(".jobs-tabs").get_by_role("link", name="Running", exact=True).click()
        page.get_by_role("link", name="Most unusual first").click()
        first = page.locator(".jobs-running tbody tr").first
        expect(first).to_contain_text('{"order_id":880001}')
        expect(first).to_contain_text("longer than usual")
        first.locator("summary").click()
        first.get_by_role("button", name="Cancel it").click()
        expect(page.locator(".messagelist")).to_contain_text("was asked to cancel the job")
        expect(page.get_by_role("heading", level=1).last).to_have_text("Running")

    assert Requests(store).take(WORKER) == [f"cancel {ids[0]}"]


def test_search_leaves_what_matches(chromium, live_server, ids):
    with visit(chromium, live_server.url, make_user(is_superuser=True)) as page:
        page.goto("/admin/jobs/running/?order=class")
        page.get_by_label("Words in class, queue, worker or id").fill("well")
        page.get_by_role("button", name="Filter", exact=True).click()
        expect(page.locator(".jobs-running tbody tr")).to_have_count(1)
        expect(page.locator(".jobs-choice [aria-current]")).to_have_text("By class")
        page.get_by_role("link", name="Show all", exact=True).click()
        expect(page.locator(".jobs-running tbody tr")).to_have_count(2)


def test_phone_sees_the_first_job_on_its_first_screen(chromium, live_server, ids):
    with visit(chromium, live_server.url, make_user(is_superuser=True), viewport=PHONE) as page:
        page.goto("/admin/jobs/running/")
        box = page.get_by_role("link", name="tests.AnyJob").bounding_box()

    assert box["y"] + box["height"] < PHONE["height"]
