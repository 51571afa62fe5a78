"""Tests of two workers at the same step of the same order.

They run it at the same moment, in real transactions.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from django.db import connections

from fake_services.models import Charge, Email, FulfillmentRequest
from jobs import Snooze
from orders import order_creator
from orders.jobs import CompleteOrderJob, RequestOrderFulfillmentJob, SendOrderNotificationEmailJob
from orders.models import Order, Payment, Product
from orders.services import http
from orders.services.email import EmailClient
from orders.services.fulfillment import FulfillmentClient
from orders.services.payments import PaymentsClient
from tests.orders.factories import OrderFactory, ProductFactory

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)

#: For a meeting of threads, in seconds; one that never comes should fail the test, not the day.
PATIENCE = 20


def at_the_same_time(*functions: Callable[[], object]) -> list[object]:
    """Run functions in threads of their own.

    Returns what they return.
    """

    def run(function: Callable[[], object]) -> object:
        try:
            return function()
        finally:
            connections.close_all()
            http._session().close()

    with ThreadPoolExecutor(len(functions)) as pool:
        return [
            future.result(PATIENCE)
            for future in [pool.submit(run, function) for function in functions]
        ]


def meet_around(monkeypatch, owner: type[http.ServiceClient], name: str, parties: int) -> None:
    """Hold every caller of a service until all have come.

    And again until all have their answers.
    """
    barrier, function = Barrier(parties), getattr(owner, name)

    def meet(*args, **kwargs):
        barrier.wait(PATIENCE)
        answer = function(*args, **kwargs)
        barrier.wait(PATIENCE)
        return answer

    monkeypatch.setattr(owner, name, meet)


def test_two_workers_charge_once_and_take_once(services, monkeypatch):
    order = OrderFactory.create(quantity=2, product__quantity_remaining=5)
    meet_around(monkeypatch, PaymentsClient, "charge", parties=2)

    at_the_same_time(*[lambda: CompleteOrderJob.perform_now(order.pk)] * 2)

    assert Charge.objects.count() == Payment.objects.count() == 1
    assert Product.objects.get().quantity_remaining == 3
    assert Order.objects.get().charge_id == Charge.objects.get().external_id


def test_orders_of_one_product_lose_no_piece_of_its_stock(services, monkeypatch):
    product = ProductFactory.create(quantity_remaining=10)
    orders = OrderFactory.create_batch(4, product=product, quantity=2)
    meet_around(monkeypatch, PaymentsClient, "charge", parties=4)

    at_the_same_time(*[lambda order=order: order_creator.complete_order(order) for order in orders])

    product.refresh_from_db()
    assert product.quantity_remaining == 2


def test_second_worker_waits_while_the_first_confirms(services, monkeypatch):
    order = OrderFactory.create(charge_successful=True)
    has_searched, may_send, send = Event(), Event(), EmailClient.send

    def send_when_allowed(*args):
        has_searched.set()
        assert may_send.wait(PATIENCE)
        return send(*args)

    def come_second():
        assert has_searched.wait(PATIENCE)
        try:
            with pytest.raises(Snooze):
                SendOrderNotificationEmailJob.perform_now(order.pk)
        finally:
            may_send.set()

    monkeypatch.setattr(EmailClient, "send", send_when_allowed)
    at_the_same_time(lambda: SendOrderNotificationEmailJob.perform_now(order.pk), come_second)

    assert Email.objects.get().external_id == Order.objects.get().email_id


def test_two_workers_request_one_delivery(services, monkeypatch):
    order = OrderFactory.create(charge_successful=True, email_id="em_12345678")
    meet_around(monkeypatch, FulfillmentClient, "request_fulfillment", parties=2)

    at_the_same_time(*[lambda: RequestOrderFulfillmentJob.perform_now(order.pk)] * 2)

    assert (
        FulfillmentRequest.objects.get().external_id == Order.objects.get().fulfillment_request_id
    )
