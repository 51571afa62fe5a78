"""Reading in a real browser.

What a job holds is copied, and the values of charts are read without a mouse.
"""

import time

import pytest
from playwright.sync_api import expect

from jobs.inspect import get_reader
from jobs.store.metrics import Measure, MetricStore
from tests.browser.control_room import JOB_CLASS, furnish, make_user, visit
from tests.jobs.inspect.filling import AnyJob, failure, put

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "fake_services"]),
]
TRACEBACK = """Traceback (most recent call last):
  File "/venv/lib/python3.12/site-packages/x.py", line 3, in call
    return inner()
  File "/srv/shop/orders/jobs.py", line 7, in perform
    charge(order)
orders.Declined: no"""
CLASS_PAGE = f"/admin/jobs/metrics/{JOB_CLASS}/"


@pytest.fixture
def failed(store) -> str:
    """Leave a job that died, and return the address of its page."""
    error = {**failure("orders.Declined", "no", time.time()), "traceback": TRACEBACK}
    job_id = put(
        store,
        "dead",
        job_class=f"{AnyJob.__module__}.AnyJob",
        kwargs={"order_id": 880001, "note": "at the door"},
        errors=[error],
        failures=1,
    )
    return f"/admin/jobs/job/{job_id}/"


def copied(page, name):
    button = page.get_by_role("button", name=f"Copy: {name}")
    button.click()
    expect(page.get_by_role("button", name=f"Copied: {name}")).to_be_visible()
    return page.evaluate("navigator.clipboard.readText()")


def test_id_arguments_and_traceback_are_copied_whole(chromium, live_server, failed):
    with visit(
        chromium,
        live_server.url,
        make_user(is_superuser=True),
        permissions=["clipboard-read", "clipboard-write"],
    ) as page:
        page.goto(failed)

        assert copied(page, "Job id") == failed.rstrip("/").rpartition("/")[2]
        assert copied(page, "Arguments").splitlines() == [
            "order_id = 880001",
            'note = "at the door"',
        ]
        assert copied(page, "Traceback") == TRACEBACK


def test_without_a_script_there_is_no_copy_button(chromium, live_server, failed):
    user = make_user(is_superuser=True)
    with visit(chromium, live_server.url, user, java_script_enabled=False) as page:
        page.goto(failed)

        expect(page.get_by_role("heading", name="Dead after 1 failed attempt")).to_be_visible()
        expect(page.get_by_role("button", name="Copy")).to_have_count(0)


def test_frames_of_libraries_open_on_demand(chromium, live_server, failed):
    with visit(chromium, live_server.url, make_user(is_superuser=True)) as page:
        page.goto(failed)
        expect(page.get_by_text("charge(order)")).to_be_visible()
        expect(page.get_by_text("return inner()")).to_be_hidden()

        page.get_by_text("1 frame of libraries").click()
        expect(page.get_by_text("return inner()")).to_be_visible()


@pytest.fixture
def measured(store) -> None:
    furnish(store)
    measure = Measure()
    measure.add(0.2, is_failure=False)
    MetricStore(store).add([(f"job:{JOB_CLASS}", get_reader().now() - 60, measure)])


def test_arrow_keys_read_the_values_of_a_chart(chromium, live_server, measured):
    with visit(chromium, live_server.url, make_user(is_superuser=True)) as page:
        page.goto(CLASS_PAGE)
        chart = page.locator(".jobs-chart").first
        plot = chart.get_by_role("group", name="Arrow keys read the values")
        plot.focus()

        plot.press("ArrowLeft")
        expect(chart.locator(".jobs-readout")).to_contain_text("Succeeded: 1 · Failed: 0")
        plot.press("Home")
        expect(chart.locator(".jobs-readout")).to_contain_text("Succeeded: 0 · Failed: 0")
        plot.press("ArrowRight")
        expect(chart.locator(".jobs-read")).to_have_count(1)


def test_a_tap_reads_the_values_of_a_chart(chromium, live_server, measured):
    options = {"viewport": {"width": 400, "height": 900}, "has_touch": True}
    with visit(chromium, live_server.url, make_user(is_superuser=True), **options) as page:
        page.goto(CLASS_PAGE)
        chart = page.locator(".jobs-chart").nth(1)
        chart.locator(".jobs-slot").last.tap()

        expect(chart.locator(".jobs-readout")).to_contain_text("Median: ")


def test_charts_can_be_read_after_the_page_was_brought_up_to_date(
    chromium, live_server, store, measured
):
    with visit(chromium, live_server.url, make_user(is_superuser=True)) as page:
        page.clock.install()
        page.goto(CLASS_PAGE)
        measure = Measure()
        measure.add(0.2, is_failure=True)
        MetricStore(store).add([(f"job:{JOB_CLASS}", get_reader().now(), measure)])
        page.clock.fast_forward(5_000)
        chart = page.locator(".jobs-chart").first
        expect(chart.locator("svg.jobs-x")).to_have_attribute(
            "aria-label", "3 runs, 1 of them failed."
        )

        plot = chart.get_by_role("group", name="Arrow keys read the values")
        plot.press("End")
        expect(chart.locator(".jobs-readout")).to_contain_text("Failed: ")


@pytest.mark.parametrize("width", [1400, 400])
def test_classes_are_sorted_by_a_heading_on_any_screen(chromium, live_server, measured, width):
    options = {"viewport": {"width": width, "height": 900}, "java_script_enabled": False}
    with visit(chromium, live_server.url, make_user(is_superuser=True), **options) as page:
        page.goto("/admin/jobs/metrics/")
        heading = page.get_by_role("link", name="Median", exact=True)
        box = heading.bounding_box()
        assert box["width"] > 20
        heading.click()

        expect(page).to_have_url(f"{live_server.url}/admin/jobs/metrics/?in=1h&sort=p50")
        expect(page.locator("th[aria-sort=descending]")).to_contain_text("Median")
