"""`{% job_progress %}` in a browser, under a strict policy.

It is looked at with a script and without.
"""

import os
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.template import RequestContext, Template
from django.urls import include, path
from playwright.sync_api import Browser, Page, expect

from jobs.progress import Progress
from tests.jobs.inspect.filling import put

pytestmark = [
    pytest.mark.browser,
    pytest.mark.redis,
    pytest.mark.slow,
    pytest.mark.django_db(databases=["default", "fake_services"], transaction=True),
]

PAGE = """<!doctype html><html lang="en"><title>Import</title><h1>Import</h1>
{% load jobs %}<main>{% job_progress job %}</main><script src="/ended.js"></script></html>"""
ENDED = 'document.addEventListener("jobs:ended", (e) => (document.title = `Ended ${e.detail}`));'
#: Where pictures of the states go, if somebody wants to look at them.
PICTURES = os.environ.get("PICTURES")


def show_page(request, job):
    html = Template(PAGE).render(RequestContext(request, {"job": job}))
    return HttpResponse(html, headers={"Content-Security-Policy": "default-src 'self'"})


def ended(request):
    return HttpResponse(ENDED, content_type="text/javascript")


urlpatterns = [
    path("import/<str:job>", show_page),
    path("ended.js", ended),
    path("favicon.ico", lambda request: HttpResponse(status=204)),
    path("jobs/", include("jobs.urls")),
]


@pytest.fixture
def shop(live_server, settings) -> str:
    """Serve the page with the piece instead of the shop."""
    settings.ROOT_URLCONF = __name__
    return live_server.url


class AnImport:
    """A job whose state the test decides."""

    def __init__(self, store) -> None:
        self.store, self.keys = store, store.keys("default")
        self.id = put(store, "ready")

    def runs(self, done: int, total: int, words: str) -> None:
        self.store.client.zrem(self.keys.ready, self.id)
        self.store.client.hset(self.keys.running, self.id, "w#1|5")
        self.store.client.hset(self.keys.notes, self.id, Progress(done, total, words).encode())

    def ends(self, place: str) -> None:
        self.store.client.zrem(self.keys.ready, self.id)
        self.store.client.hdel(self.keys.running, self.id)
        self.store.client.zadd(getattr(self.keys, place), {self.id: 2**42})


@pytest.fixture
def an_import(store) -> AnImport:
    return AnImport(store)


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"progress_{name}.png")


def test_piece_refreshes_itself_until_the_job_has_ended(page: Page, an_import):
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"/import/{an_import.id}")
    state, link = page.get_by_role("status"), page.get_by_role("link", name="Refresh")
    expect(state).to_have_text("Waiting")
    expect(link).to_be_hidden()

    an_import.runs(30, 120, "rows of customers.csv")
    expect(state).to_have_text("Running")
    expect(page.get_by_role("progressbar")).to_have_js_property("value", 25)
    expect(page.get_by_text("30 of 120: rows of customers.csv")).to_be_visible()
    picture(page, "running")

    an_import.runs(120, 120, "")
    an_import.ends("done")
    expect(state).to_have_text("Done")
    expect(page).to_have_title("Ended done")
    expect(link).to_have_count(0)
    expect(page.locator("[data-jobs-progress]")).to_have_count(0)
    picture(page, "done")
    assert complaints == []  # the policy of the page has refused nothing


def test_piece_outlives_a_server_that_fails(page: Page, an_import):
    page.route("**/jobs/progress/**", lambda route: route.fulfill(status=503), times=1)
    page.goto(f"/import/{an_import.id}")

    an_import.ends("dead")

    expect(page.get_by_role("status")).to_have_text("Failed")


def test_piece_stops_and_offers_the_link_when_its_address_is_no_longer_good(page: Page, an_import):
    page.goto(f"/import/{an_import.id}")
    expect(page.get_by_role("link", name="Refresh")).to_be_hidden()

    page.route("**/jobs/progress/**", lambda route: route.fulfill(status=404))

    expect(page.get_by_role("link", name="Refresh")).to_be_visible()
    expect(page.locator("[data-jobs-progress]")).to_have_count(0)


def test_piece_that_another_script_brings_is_followed_too(page: Page, an_import):
    page.goto(f"/import/{an_import.id}")
    page.evaluate("""() => {
        const main = document.querySelector("main");
        const copy = main.innerHTML.replace(" hidden", "");
        main.innerHTML = "";
        main.innerHTML = copy;
    }""")

    an_import.runs(1, 2, "")

    expect(page.get_by_role("status")).to_have_text("Running")
    expect(page.get_by_role("link", name="Refresh")).to_be_hidden()


def test_without_a_script_a_link_loads_the_page_again(chromium: Browser, shop, an_import):
    with chromium.new_context(base_url=shop, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"/import/{an_import.id}")
        expect(page.get_by_role("status")).to_have_text("Waiting")
        picture(page, "without_script")

        an_import.runs(30, 120, "rows of customers.csv")
        page.get_by_role("link", name="Refresh").click()

        expect(page.get_by_role("status")).to_have_text("Running")
        expect(page.get_by_text("30 of 120: rows of customers.csv")).to_be_visible()
        an_import.ends("done")
        page.get_by_role("link", name="Refresh").click()
        expect(page.get_by_role("status")).to_have_text("Done")
        expect(page.get_by_role("link", name="Refresh")).to_have_count(0)
