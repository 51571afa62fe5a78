"""Tests of the steps of an order, against the fake services over HTTP."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from fake_services.models import Charge, Email, FulfillmentRequest
from jobs.testing import assert_enqueued, assert_nothing_enqueued, drain
from orders import order_creator
from orders.confirmation import CONFIRMATION_TEMPLATE
from orders.jobs import CompleteOrderJob, RequestOrderFulfillmentJob, SendOrderNotificationEmailJob
from orders.models import Order
from orders.services.email import EmailClient
from orders.services.http import ServiceUnavailable
from tests.orders.factories import CustomerFactory, OrderFactory, ProductFactory

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)


def charged_order() -> Order:
    return OrderFactory.create(
        charge_completed_at=timezone.now(), charge_successful=True, charge_id="ch_12345678"
    )


def test_create_order_saves_it_and_queues_its_completion():
    order = OrderFactory.build(product=ProductFactory.create(), customer=CustomerFactory.create())

    created = order_creator.create_order(order)

    assert created is order
    assert_enqueued(CompleteOrderJob, args=[order.pk], queue="high", count=1)


def test_each_step_notes_the_job_of_the_next(services):
    order = order_creator.create_order(
        OrderFactory.build(product=ProductFactory.create(), customer=CustomerFactory.create())
    )
    noted = []
    for job_class in (CompleteOrderJob, SendOrderNotificationEmailJob, RequestOrderFulfillmentJob):
        order.refresh_from_db()
        [job] = assert_enqueued(job_class, count=1)
        noted.append(order.job_id == job.id)
        drain(job_class)

    assert noted == [True] * 3


def test_create_order_neither_saves_nor_queues_what_is_invalid():
    order = OrderFactory.build(
        product=ProductFactory.create(not_available=True), customer=CustomerFactory.create()
    )

    with pytest.raises(ValidationError, match="more than what is in stock"):
        order_creator.create_order(order)

    assert not Order.objects.exists()
    assert_nothing_enqueued()


def test_order_is_charged_confirmed_and_fulfilled(services):
    order = order_creator.create_order(
        OrderFactory.build(
            product=ProductFactory.create(price_cents=123_00),
            customer=CustomerFactory.create(),
            quantity=1,
        )
    )

    drain()

    order.refresh_from_db()
    assert order.charge_successful
    assert order.charge_completed_at is not None
    assert order.charge_id == Charge.objects.get().external_id
    assert order.email_id == Email.objects.get().external_id
    assert order.fulfillment_request_id == FulfillmentRequest.objects.get().external_id


def test_charge_is_quantity_times_price(services):
    order = OrderFactory.create(
        quantity=3, product__price_cents=110_00, product__quantity_remaining=5
    )

    order_creator.complete_order(order)

    assert Charge.objects.get().request["amount_cents"] == 330_00


def test_declined_charge_queues_nothing_further(services):
    order = OrderFactory.create(product__priced_for_decline=True)

    order_creator.complete_order(order)

    order.refresh_from_db()
    assert order.charge_completed_at is not None
    assert not order.charge_successful
    assert order.charge_decline_reason == "Insufficient funds"
    assert [order.charge_id, order.email_id, order.fulfillment_request_id] == [None, None, None]
    assert_nothing_enqueued()


def test_declined_order_is_not_charged_again(services):
    order = OrderFactory.create(product__priced_for_decline=True)
    order_creator.complete_order(order)

    order_creator.complete_order(Order.objects.get(pk=order.pk))

    assert Charge.objects.count() == 1
    assert_nothing_enqueued()


def test_charge_whose_answer_was_lost_is_not_made_twice(services):
    order = OrderFactory.create()
    order_creator.complete_order(order)
    as_if_never_saved = Order.objects.get(pk=order.pk)
    as_if_never_saved.charge_completed_at = None

    order_creator.complete_order(as_if_never_saved)

    assert Charge.objects.count() == 1
    assert as_if_never_saved.charge_id == order.charge_id


def test_charged_order_only_queues_its_confirmation_again():
    order = charged_order()

    order_creator.complete_order(order)

    assert_enqueued(SendOrderNotificationEmailJob, args=[order.pk], queue="default", count=1)


def test_confirmation_that_was_sent_before_is_found_and_not_sent_again(services):
    order = charged_order()
    sent = EmailClient().send(order.email, CONFIRMATION_TEMPLATE, {"order_id": order.pk})
    EmailClient().send(order.email, CONFIRMATION_TEMPLATE, {"order_id": order.pk + 1})

    order_creator.send_notification_email(order)

    order.refresh_from_db()
    assert order.email_id == sent
    assert len(EmailClient().search(order.email, CONFIRMATION_TEMPLATE)) == 2
    assert_enqueued(RequestOrderFulfillmentJob, args=[order.pk], queue="default", count=1)


def test_confirmed_order_only_queues_its_fulfillment_again():
    order = OrderFactory.create(email_id="em_12345678")

    order_creator.send_notification_email(order)

    assert_enqueued(RequestOrderFulfillmentJob, args=[order.pk], queue="default", count=1)


def test_fulfillment_whose_answer_was_lost_is_not_requested_twice(services):
    order = charged_order()
    order_creator.request_order_fulfillment(order)
    as_if_never_saved = Order.objects.get(pk=order.pk)
    as_if_never_saved.fulfillment_request_id = None

    order_creator.request_order_fulfillment(as_if_never_saved)

    request = FulfillmentRequest.objects.get()
    assert as_if_never_saved.fulfillment_request_id == request.external_id
    assert request.request["metadata"]["idempotency_key"] == f"idempotency_key-order-{order.pk}"


def test_fulfilled_order_calls_nobody():
    order = OrderFactory.create(fulfillment_request_id="fr_12345678")

    order_creator.request_order_fulfillment(order)

    assert order.fulfillment_request_id == "fr_12345678"


@pytest.mark.parametrize(
    "step", ["complete_order", "send_notification_email", "request_order_fulfillment"]
)
def test_step_whose_service_is_away_records_and_queues_nothing(step):
    order = OrderFactory.create()
    before = Order.objects.values().get()

    with pytest.raises(ServiceUnavailable):
        getattr(order_creator, step)(order)

    assert Order.objects.values().get() == before
    assert_nothing_enqueued()
