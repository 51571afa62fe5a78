"""A customer orders in the browser.

A worker completes the order, and the page shows it happening.
"""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from orders.models import Order
from tests.orders.factories import CustomerFactory, OrderFactory, ProductFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.redis,
    pytest.mark.slow,
    pytest.mark.django_db(databases=["default", "fake_services"], transaction=True),
]

ORDER_PAGE = re.compile(r"/orders/\d+$")


@pytest.fixture(autouse=True)
def customer():
    return CustomerFactory.create()


def place_order(page: Page, product: str, quantity: int = 1) -> Order:
    page.goto("/")
    page.get_by_role("link", name="Add An Order →").click()
    page.get_by_label("Product").select_option(label=product)
    page.get_by_label("Quantity").fill(str(quantity))
    page.get_by_label("Email").fill("kira@example.com")
    page.get_by_label("Shipping Address").fill("Deck 7\nStation Nine")
    page.get_by_role("button", name="Place Order").click()
    page.wait_for_url(ORDER_PAGE)
    return Order.objects.get(pk=page.url.rpartition("/")[2])


def test_order_is_charged_confirmed_and_fulfilled_while_the_page_shows_it(
    page: Page, run_jobs, customer
):
    product = ProductFactory.create(quantity_remaining=10)
    order = place_order(page, product.name, quantity=2)
    expect(page.get_by_test_id("payment")).to_contain_text("In Progress")
    expect(page.get_by_test_id("email")).to_contain_text("Pending successful charge")
    expect(page.get_by_test_id("job")).to_contain_text("Waiting")
    expect(page.get_by_test_id("job").get_by_role("link")).to_be_hidden()

    run_jobs()

    for step, prefix in (("payment", "ch_"), ("email", "em_"), ("fulfillment", "fr_")):
        expect(page.get_by_test_id(step)).to_contain_text(f"External ID: {prefix}")
    expect(page.get_by_test_id("state")).to_have_text("Complete")
    expect(page.get_by_test_id("job")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Order {order.pk}")
    expect(page.locator("aside[data-error]")).to_have_count(0)
    order.refresh_from_db()
    assert (order.product, order.quantity, order.customer) == (product, 2, customer)
    assert (order.email, order.address.splitlines()) == (
        "kira@example.com",
        ["Deck 7", "Station Nine"],
    )
    assert order.charge_successful
    assert all([order.charge_id, order.email_id, order.fulfillment_request_id])


def test_declined_card_is_shown_and_nothing_else_happens(page: Page, run_jobs):
    order = place_order(page, ProductFactory.create(priced_for_decline=True).name)

    run_jobs()

    expect(page.get_by_test_id("payment")).to_contain_text("Payment Declined: Insufficient funds")
    expect(page.get_by_test_id("state")).to_have_text("Declined")
    order.refresh_from_db()
    assert order.charge_completed_at is not None
    assert not order.charge_successful
    assert [order.charge_id, order.email_id, order.fulfillment_request_id] == [None, None, None]


def finish(order: Order) -> None:
    done = {
        "charge_successful": True,
        "charge_id": "ch_1",
        "email_id": "em_1",
        "fulfillment_request_id": "fr_1",
    }
    Order.objects.filter(pk=order.pk).update(charge_completed_at=timezone.now(), **done)


def test_page_stops_asking_when_the_order_is_finished(page: Page):
    order = OrderFactory.create()
    page.clock.install()
    page.goto(order.get_absolute_url())
    finish(order)
    page.clock.fast_forward("00:05")
    expect(page.get_by_test_id("state")).to_have_text("Complete")
    asked: list[str] = []
    page.on(
        "request",
        lambda request: asked.append(request.url) if request.url.endswith("/status") else None,
    )

    page.clock.fast_forward("10:00")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    assert asked == []


def test_page_without_javascript_reloads_itself(chromium: Browser, shop: str):
    order = OrderFactory.create()
    with chromium.new_context(base_url=shop, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(order.get_absolute_url())
        expect(page.get_by_test_id("state")).to_have_text("In progress")

        finish(order)

        expect(page.get_by_test_id("state")).to_have_text("Complete")


def test_empty_form_is_told_what_is_missing(page: Page):
    sold_out = ProductFactory.create(not_available=True)
    ProductFactory.create()
    page.goto("/orders/new")
    expect(page.get_by_label("Product")).not_to_contain_text(sold_out.name)

    page.get_by_role("button", name="Place Order").click()

    error = page.locator("aside[data-error]")
    expect(error).to_contain_text("Can't create the order:")
    expect(error).to_contain_text(
        "Product must exist, Email can't be blank, Address can't be blank"
    )
    expect(error).not_to_contain_text("User")
    expect(error).not_to_contain_text("Customer")
    expect(page.get_by_role("link", name="Add An Order →")).to_have_count(0)


def test_total_follows_what_is_typed(page: Page):
    product = ProductFactory.create(price_cents=1_234_50, quantity_remaining=5)
    page.goto("/orders/new")
    expect(page.get_by_test_id("total-price")).to_have_text("$0.00")

    page.get_by_label("Product").select_option(label=product.name)
    page.get_by_label("Quantity").fill("3")

    expect(page.get_by_test_id("total-price")).to_have_text("$3,703.50")
    expect(page.get_by_text("$1,234.50 each, 5 in stock")).to_be_visible()
