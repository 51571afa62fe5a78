"""The home page in the browser: orders, and how the services are."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from jobs.conf import get_settings
from tests.orders.factories import OrderFactory, ProductFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.redis,
    pytest.mark.slow,
    pytest.mark.django_db(databases=["default", "fake_services"], transaction=True),
]

SERVICES = ["postgres", "redis", "error-catcher", "payments", "order-fulfillment", "email"]
APIS = {
    "error-catcher": "error-catcher",
    "payments": "payments",
    "order-fulfillment": "fulfillment",
    "email": "email",
}


def test_orders_are_listed_and_lead_to_their_pages(page: Page):
    order = OrderFactory.create()
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome!")
    expect(page.get_by_text("1 order in the system.")).to_be_visible()

    page.get_by_title(f"Link to order {order.pk}").click()

    expect(page.get_by_role("heading", level=1)).to_have_text(f"Order {order.pk}")


def test_order_number_stands_on_one_line_on_a_phone(page: Page):
    product = ProductFactory.create(name="Self-sealing stem bolts for stations near a wormhole")
    order = OrderFactory.create(pk=1_234_567, product=product)
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto("/")

    number = page.get_by_title(f"Link to order {order.pk}")

    assert number.evaluate("link => link.getClientRects().length") == 1


def test_every_service_is_well_and_tells_where_it_is(page: Page, shop: str):
    page.goto("/")

    for name in SERVICES:
        block = page.get_by_test_id(f"service-{name}")
        expect(block.locator("summary")).to_contain_text("✅")
        block.locator("summary").click()
        expect(block).to_contain_text("Service Info")
        if name in APIS:
            expect(block).to_contain_text(f"{shop}/fake/{APIS[name]}")


def test_redis_tells_host_and_port(page: Page):
    place = urlsplit(get_settings().redis_url)
    page.goto("/?open=redis")

    block = page.get_by_test_id("service-redis")
    expect(block.get_by_role("row", name="Host")).to_contain_text(str(place.hostname))
    expect(block.get_by_role("row", name="Port")).to_contain_text(str(place.port))


def test_misbehavior_that_is_switched_on_is_shown_and_the_service_is_still_well(page: Page):
    page.goto("/?open=order-fulfillment")
    block = page.get_by_test_id("service-order-fulfillment")
    expect(block.get_by_test_id("throttle")).to_have_text("No")

    block.get_by_role("link", name="Manage…").click()
    page.get_by_label("Throttle?").check()
    page.get_by_label("Crash?").check()
    page.get_by_label("Time out after (seconds)").fill("5")
    page.get_by_role("button", name="Update Order Fulfillment").click()

    expect(block.get_by_test_id("throttle")).to_have_text("Yes")
    expect(block.get_by_test_id("crash")).to_have_text("Yes")
    expect(block.get_by_test_id("sleep")).to_have_text("5 seconds")
    expect(block.locator("summary")).to_contain_text("Updated")
    expect(block.locator("summary")).to_contain_text("✅")
