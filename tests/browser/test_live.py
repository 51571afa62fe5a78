"""Pages of the control room that keep themselves up to date.

And what they say when they cannot.
"""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Page, expect

from jobs import control, inspect
from tests.browser.control_room import JOB_CLASS, furnish, make_user, visit
from tests.conftest import free_port
from tests.jobs.inspect.filling import beat

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "fake_services"]),
]


@pytest.fixture
def jobs(store) -> dict[str, str]:
    return furnish(store)


def open_sure(page: Page, name: str) -> None:
    page.locator("summary", has_text=re.compile(f"^{name}$")).click()


def pass_time(page):
    """Let the script of the page look for news at once.

    It believes that the time has come.
    """
    page.clock.fast_forward(5_000)


def pass_time_until(page, locator):
    """Let time pass until something is on the page.

    A page in trouble asks less often, and begins to wait when the last answer is there.
    """
    for _ in range(20):
        pass_time(page)
        with suppress(AssertionError):
            expect(locator).to_be_visible(timeout=1_000)
            return
    raise AssertionError(f"never seen: {locator}")


def test_numbers_are_kept_up_to_date_and_all_boxes_ticked_at_once(
    chromium, live_server, store, jobs
):
    with visit(chromium, live_server.url, make_user(is_superuser=True)) as page:
        page.goto("/admin/jobs/dead/")
        page.get_by_label("Tick all on this page").check()
        expect(page.locator("input[name=job]:checked")).to_have_count(3)
        page.get_by_label("Tick all on this page").uncheck()

        page.clock.install()
        page.goto("/admin/jobs/")
        expect(page.locator(".jobs-tile", has_text="Dead")).to_contain_text("3")
        control.delete(inspect.job_set("dead").jobs[:1])
        pass_time(page)
        expect(page.locator(".jobs-tile", has_text="Dead")).to_contain_text("2")
        expect(page.locator("#jobs-live")).to_contain_text("Updated")
        page.get_by_role("switch").uncheck()
        page.reload()
        expect(page.get_by_role("switch")).not_to_be_checked()


def test_a_page_whose_server_is_gone_says_so(chromium, live_server, jobs):
    user = make_user(is_superuser=True)
    with visit(chromium, live_server.url, user, complaints_wanted=True) as page:
        page.clock.install()
        page.goto("/admin/jobs/")
        page.route("**/*", lambda route: route.abort())
        pass_time(page)
        expect(page.locator("#jobs-live")).to_contain_text("Not updated since")


def test_a_page_without_redis_is_loaded_again_until_redis_is_back(
    chromium, live_server, jobs, settings
):
    user = make_user(is_superuser=True)
    usual = settings.JOBS
    with visit(chromium, live_server.url, user, complaints_wanted=True) as page:
        page.clock.install()
        settings.JOBS = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
        page.goto(f"/admin/jobs/find/?id={jobs['dead']}")
        expect(page.get_by_role("heading", name="Redis cannot be used")).to_be_visible()
        expect(page.locator("#jobs-live")).to_contain_text("No answer since")
        pass_time(page)

        settings.JOBS = usual
        pass_time_until(page, page.get_by_role("heading", name=JOB_CLASS))


def test_a_page_without_redis_is_loaded_again_without_a_script_too(
    chromium, live_server, jobs, settings
):
    user = make_user(is_superuser=True)
    usual = settings.JOBS
    options = {"java_script_enabled": False, "complaints_wanted": True}
    with visit(chromium, live_server.url, user, **options) as page:
        settings.JOBS = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
        page.goto("/admin/jobs/")
        expect(page.get_by_role("heading", name="Redis cannot be used")).to_be_visible()

        settings.JOBS = usual
        expect(page.get_by_role("heading", name="Overview")).to_be_visible(timeout=30_000)


def test_a_page_says_when_its_reader_is_logged_out_and_asks_no_more(chromium, live_server, jobs):
    asked = []
    with visit(chromium, live_server.url, make_user(is_superuser=True)) as page:
        page.clock.install()
        page.goto("/admin/jobs/dead/")
        cookies = page.context.cookies()
        page.context.clear_cookies(name="sessionid")
        pass_time(page)
        expect(page.locator("#jobs-live")).to_contain_text(
            "You are logged out. Load the page again"
        )

        page.on("request", lambda request: asked.append(request.url))
        page.clock.fast_forward(600_000)
        assert asked == []

        # Somebody logs in on another page and comes back to this one.
        page.context.add_cookies(cookies)
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(page.locator("#jobs-live")).to_contain_text("Updated")
        asked.clear()
        pass_time(page)
        expect(page.locator("#jobs-live")).to_contain_text("Updated")
        assert asked


def test_a_page_without_redis_leads_to_the_login_when_its_reader_is_logged_out(
    chromium, live_server, jobs, settings
):
    user = make_user(is_superuser=True)
    with visit(chromium, live_server.url, user, complaints_wanted=True) as page:
        page.clock.install()
        settings.JOBS = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
        page.goto("/admin/jobs/dead/")
        page.context.clear_cookies(name="sessionid")
        pass_time(page)

        expect(page.get_by_label("Password")).to_be_visible()


def test_a_login_page_of_another_host_is_no_lost_connection(chromium, live_server, jobs):
    user = make_user(is_superuser=True)
    elsewhere = {"status": 302, "headers": {"Location": "https://login.example.com/"}}
    with visit(chromium, live_server.url, user) as page:
        page.clock.install()
        page.goto("/admin/jobs/dead/")
        page.route("**/admin/jobs/dead/", lambda route: route.fulfill(**elsewhere))
        pass_time(page)

        expect(page.locator("#jobs-live")).to_contain_text("You are logged out.")


def test_nothing_moves_while_a_question_waits_for_its_answer(chromium, live_server, store, jobs):
    with visit(chromium, live_server.url, make_user(is_superuser=True)) as page:
        page.clock.install()
        page.goto("/admin/jobs/workers/")
        open_sure(page, "Stop")
        beat(store, "older:2:abcd", host="older", started_at=1.7e9)
        pass_time(page)
        expect(page.locator("#jobs-live")).to_contain_text("Paused")
        expect(page.locator(".jobs-worker")).to_have_count(1)

        open_sure(page, "Stop")  # no, after all
        page.evaluate("document.activeElement.blur()")
        pass_time(page)
        expect(page.locator(".jobs-worker")).to_have_count(2)
        expect(page.locator(".jobs-sure[open]")).to_have_count(0)
