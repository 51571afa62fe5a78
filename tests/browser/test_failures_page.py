"""The page of failures in a browser.

In light and dark, wide and narrow, with and without script.
"""

import pytest
from playwright.sync_api import expect

from jobs.inspect import failure_groups
from tests.browser.control_room import make_user, visit
from tests.browser.test_accessibility import faults
from tests.jobs.inspect.filling import failure, put

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "fake_services"]),
]


@pytest.fixture
def groups(store):
    """Put two groups, soon after a deploy."""
    now = store.now()
    store.client.zadd(store.shared.deploys, {f"{(now - 900) * 1000:.0f} v2.4.1": now - 900})
    for n in range(6):
        error = failure("payments.Declined", f"Card {n} was declined", at=now - 100 * n)
        put(store, "dead", errors=[{**error, "traceback": "Traceback\n  line " * 40}], failures=1)
    put(store, "retry", errors=[failure("E" * 120, "m" * 200, at=now)], failures=1)
    return failure_groups().groups


@pytest.mark.parametrize("width", [1400, 400])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_groups_open_and_muted_have_no_serious_fault(chromium, live_server, groups, theme, width):
    options = {
        "bypass_csp": True,
        "color_scheme": theme,
        "viewport": {"width": width, "height": 900},
    }
    overflow = "document.documentElement.scrollWidth - innerWidth"
    with visit(chromium, live_server.url, make_user(is_superuser=True), **options) as page:
        page.goto("/admin/jobs/failures/")
        page.get_by_role("row", name="payments.Declined").get_by_text("Mute").click()
        page.locator(".jobs-muted summary").click()
        page.locator(".jobs-muted").get_by_text("Traceback").click()
        expect(page.locator(".jobs-traceback")).to_be_visible()
        page.locator(".jobs-muted summary").click()

        assert faults(page) == []
        assert page.evaluate(overflow) <= 0


@pytest.mark.parametrize("has_script", [True, False])
def test_a_group_is_opened_muted_and_shown_again(chromium, live_server, groups, has_script):
    user = make_user(is_superuser=True)
    with visit(chromium, live_server.url, user, java_script_enabled=has_script) as page:
        page.goto("/admin/jobs/failures/")
        chart = page.get_by_role("img", name="6 failures, last hour. Deploys: v2.4.1")
        expect(chart).to_be_visible()
        page.get_by_role("row", name="payments.Declined").get_by_text("Traceback").click()
        expect(page.locator(".jobs-traceback")).to_contain_text("Traceback")
        page.get_by_text("Close").click()

        page.get_by_role("row", name="payments.Declined").get_by_text("Mute").click()
        expect(page.locator(".jobs-muted summary")).to_have_text("1 muted group")
        page.locator(".jobs-muted summary").click()
        page.get_by_text("Unmute").click()

        expect(page.locator(".jobs-muted")).to_have_count(0)


def test_an_open_list_of_muted_groups_stays_open_while_the_page_lives(
    chromium, live_server, store, groups
):
    with visit(chromium, live_server.url, make_user(is_superuser=True)) as page:
        page.goto("/admin/jobs/failures/")
        page.get_by_role("row", name="payments.Declined").get_by_text("Mute").click()
        page.locator(".jobs-muted summary").click()
        page.get_by_role("heading", level=1).last.click()  # nothing is replaced under a focus
        put(store, "dead", errors=[failure("Late", "came later", at=store.now())], failures=1)

        expect(page.get_by_text("came later")).to_be_visible(timeout=20_000)
        expect(page.get_by_role("button", name="Unmute")).to_be_visible()
