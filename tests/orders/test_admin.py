"""Tests of the shop's pages in the admin."""

import pytest
from django.utils import timezone

from orders.models import Payment, PaymentState
from tests.orders.factories import OrderFactory, ProductFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", ["customer", "product", "order", "payment"])
def test_rows_are_listed_found_and_opened(admin_client, model):
    order = OrderFactory.create()
    payment = Payment.objects.start(order)
    pk = {
        "customer": order.customer_id,
        "product": order.product_id,
        "order": order.pk,
        "payment": payment.pk,
    }[model]

    for path in (f"{model}/?q=1", f"{model}/", f"{model}/{pk}/change/"):
        assert admin_client.get(f"/admin/orders/{path}").status_code == 200


@pytest.mark.parametrize(("stock", "name"), [("available", "There"), ("sold-out", "Gone")])
def test_products_are_filtered_by_stock(admin_client, stock, name):
    ProductFactory.create(name="There")
    ProductFactory.create(name="Gone", not_available=True)

    page = admin_client.get(f"/admin/orders/product/?stock={stock}")

    assert [product.name for product in page.context["cl"].queryset] == [name]


def test_order_leads_to_its_job_while_it_is_at_work(admin_client):
    at_work, finished = (OrderFactory.create(job_id=letter * 32) for letter in "ab")
    finished.charge_completed_at = timezone.now()  # a decline
    finished.save()

    pages = {
        order: admin_client.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
        for order in (at_work, finished)
    }

    assert f'href="/admin/jobs/job/{"a" * 32}/"' in pages[at_work]
    assert "/admin/jobs/job/" not in pages[finished]


def test_no_order_is_added_past_the_shop(admin_client):
    assert admin_client.get("/admin/orders/order/add/").status_code == 403


def test_payments_are_only_looked_at(admin_client):
    payment = Payment.objects.start(OrderFactory.create())

    assert admin_client.get("/admin/orders/payment/add/").status_code == 403
    answer = admin_client.post(f"/admin/orders/payment/{payment.pk}/change/", {"state": "charged"})

    assert answer.status_code == 403
    payment.refresh_from_db()
    assert payment.state == PaymentState.STARTED
