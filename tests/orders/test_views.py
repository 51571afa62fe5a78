"""Tests of the shop's pages, as far as no browser is needed."""

from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.test import Client
from django.utils import timezone

from jobs.models import OutboxEntry
from jobs.testing import assert_enqueued, assert_nothing_enqueued, mode
from orders import order_creator, views
from orders.jobs import CompleteOrderJob
from orders.models import Order
from tests.conftest import free_port
from tests.orders.factories import CustomerFactory, OrderFactory, ProductFactory

pytestmark = pytest.mark.django_db

CHARGED = {
    "charge_completed_at": timezone.now(),
    "charge_successful": True,
    "charge_id": "ch_12345678",
}
CONFIRMED = {**CHARGED, "email_id": "em_12345678"}
COMPLETE = {**CONFIRMED, "fulfillment_request_id": "fr_12345678"}


@pytest.fixture
def no_checks(monkeypatch) -> None:
    monkeypatch.setattr(views, "check_services", list)


def test_home_lists_the_newest_orders_first(client, no_checks):
    older, newer = OrderFactory.create(), OrderFactory.create(**COMPLETE)

    page = client.get("/").content.decode()

    assert "2 orders in the system." in page
    assert page.index(f'title="Link to order {newer.pk}"') < page.index(
        f'title="Link to order {older.pk}"'
    )
    assert "Complete" in page
    assert "In progress" in page


def test_home_lists_no_more_than_fifty_orders_and_says_so(client, no_checks):
    OrderFactory.create_batch(51, product=ProductFactory.create())

    page = client.get("/").content.decode()

    assert page.count("Link to order") == 50
    assert "Showing 50 of 51" in page


def test_home_of_an_empty_shop_invites_to_order(client, no_checks):
    page = client.get("/").content.decode()

    assert "0 orders in the system." in page
    assert "No orders yet" in page


def test_order_form_has_no_link_to_itself(client, no_checks):
    assert "Add An Order →" in client.get("/").content.decode()
    assert "Add An Order →" not in client.get("/orders/new").content.decode()


def test_valid_order_is_created_for_the_current_customer(client):
    customer, product = CustomerFactory.create(), ProductFactory.create()

    answer = client.post(
        "/orders",
        {"product": product.pk, "quantity": 1, "email": "kira@example.com", "address": "Deck 7"},
    )

    order = Order.objects.get()
    assert answer.status_code == 302
    assert answer.url == f"/orders/{order.pk}"
    assert order.customer == customer
    assert_enqueued(CompleteOrderJob, args=[order.pk], queue="high", count=1)


def test_invalid_order_shows_the_form_again_with_what_was_typed(client):
    CustomerFactory.create()

    answer = client.post("/orders", {"quantity": 3, "address": "Deck 7"})

    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "Can't create the order:" in page
    assert "Product must exist, Email can't be blank" in page
    assert "Address can't be blank" not in page
    assert "Customer" not in page
    assert "Deck 7" in page
    assert_nothing_enqueued()


def test_stock_that_goes_while_the_order_is_placed_is_a_sentence_too(client, monkeypatch):
    product = ProductFactory.create(quantity_remaining=1)
    CustomerFactory.create()
    create_order = order_creator.create_order

    def sell_out_and_create(order):
        order.product.quantity_remaining = 0
        return create_order(order)

    monkeypatch.setattr(views, "create_order", sell_out_and_create)

    answer = client.post(
        "/orders",
        {"product": product.pk, "quantity": 1, "email": "kira@example.com", "address": "Deck 7"},
    )

    assert answer.status_code == 422
    assert "Quantity is more than what is in stock" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_order_placed_while_redis_is_away_has_its_job_in_the_outbox(client, settings):
    product = ProductFactory.create()
    CustomerFactory.create()
    settings.JOBS = {
        **settings.JOBS,
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "ENQUEUE_TIMEOUT": 0.1,
    }

    with mode("real"):
        answer = client.post(
            "/orders",
            {
                "product": product.pk,
                "quantity": 1,
                "email": "kira@example.com",
                "address": "Deck 7",
            },
            follow=True,
        )

    order = Order.objects.get()
    assert answer.redirect_chain == [(f"/orders/{order.pk}", 302)]
    assert OutboxEntry.objects.get().job_id == order.job_id


def test_order_form_needs_a_csrf_token():
    assert Client(enforce_csrf_checks=True).post("/orders").status_code == 403


def test_reload_of_the_refused_form_goes_home(client):
    assert client.get("/orders").url == "/"


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("/orders/", "/orders"),
        ("/orders/new/", "/orders/new"),
        ("/favicon.ico", static("favicon.svg")),
    ],
)
def test_address_as_people_and_browsers_write_it_leads_on(client, asked, meant):
    answer = client.get(asked)

    assert (answer.status_code, answer.url) == (301, meant)


@pytest.mark.parametrize("path", ["/orders/999", "/orders/999/status"])
def test_unknown_order_is_not_found(client, path):
    assert client.get(path).status_code == 404


def rows(client, order: Order) -> list[str]:
    """Return the three rows of the Operational Info, as plain words."""
    page = client.get(f"/orders/{order.pk}/status").content.decode()
    return [
        page.split(f'data-testid="{name}"')[1].split("</tr>")[0]
        for name in ("payment", "email", "fulfillment")
    ]


def test_placed_order_waits_for_its_charge(client):
    payment, email, fulfillment = rows(client, OrderFactory.create())

    assert "In Progress" in payment
    assert "Pending successful charge" in email
    assert "Pending successful charge" in fulfillment


def test_charged_order_shows_its_charge_and_the_rest_in_progress(client):
    payment, email, fulfillment = rows(client, OrderFactory.create(**CHARGED))

    assert "External ID: <code>ch_12345678</code>" in payment
    assert "Charged:" in payment
    assert "In Progress" in email
    assert "In Progress" in fulfillment


def test_confirmed_order_is_not_shown_as_fulfilled(client):
    _, email, fulfillment = rows(client, OrderFactory.create(**CONFIRMED))

    assert "External ID: <code>em_12345678</code>" in email
    assert "In Progress" in fulfillment


def test_declined_order_shows_the_reason(client):
    declined = {
        "charge_completed_at": timezone.now(),
        "charge_decline_reason": "Insufficient funds",
    }

    payment, email, fulfillment = rows(client, OrderFactory.create(**declined))

    assert "Payment Declined: Insufficient funds" in payment
    assert "Pending successful charge" in email
    assert "Pending successful charge" in fulfillment


@pytest.mark.parametrize(("answers", "is_live"), [({}, True), (CONFIRMED, True), (COMPLETE, False)])
def test_page_keeps_itself_fresh_only_while_something_happens(client, answers, is_live):
    order = OrderFactory.create(**answers)

    page = client.get(f"/orders/{order.pk}").content.decode()

    assert ("order.js" in page) == is_live
    assert ('http-equiv="refresh"' in page) == is_live
    assert ("data-finished" in page) != is_live


def test_order_page_shows_the_order(client):
    order = OrderFactory.create(
        quantity=3, product__price_cents=1_234_50, address="Deck 7\nStation <Nine>"
    )

    page = client.get(f"/orders/{order.pk}").content.decode()

    assert f'<h1 class="page-title">Order {order.pk}</h1>' in page
    assert "$1,234.50" in page
    assert "$3,703.50" in page
    assert "Deck 7<br>Station &lt;Nine&gt;" in page
    assert order.email in page


def test_missing_page_has_the_look_of_the_shop(client):
    answer = client.get("/nowhere")

    assert answer.status_code == 404
    assert "Nothing on our sensors" in answer.content.decode()


def test_error_page_needs_neither_request_nor_context():
    assert "Trouble in Engineering" in render_to_string("500.html")


def row_of_job(client, order):
    """Return the row that shows the job of an order, if any."""
    page = client.get(f"/orders/{order.pk}").content.decode()
    return page.partition('data-testid="job"')[2].partition("</tr>")[0]


def test_order_page_shows_how_far_its_job_is(client):
    order = order_creator.create_order(
        OrderFactory.build(product=ProductFactory.create(), customer=CustomerFactory.create())
    )

    row = row_of_job(client, order)

    assert ">Waiting</span>" in row
    assert f'href="/orders/{order.pk}"' in row
    assert "/admin/" not in row


@pytest.mark.parametrize("may", [True, False])
def test_staff_who_may_see_jobs_reach_that_of_an_order_from_its_page(
    client, django_user_model, may
):
    order = OrderFactory.create(job_id="a" * 32)
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    if may:
        clerk.user_permissions.add(Permission.objects.get(codename="view_jobs"))
    client.force_login(clerk)

    assert (f'href="/admin/jobs/job/{"a" * 32}/"' in row_of_job(client, order)) is may


@pytest.mark.parametrize("answers", [{}, {**COMPLETE, "job_id": "a" * 32}])
def test_order_without_a_job_at_work_shows_none(admin_client, answers):
    assert row_of_job(admin_client, OrderFactory.create(**answers)) == ""
