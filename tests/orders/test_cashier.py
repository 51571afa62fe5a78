"""Tests of the payment and the stock that goes with it.

And of what the database refuses.
"""

import pytest
from django.db import IntegrityError, transaction

from fake_services.models import Behavior, Charge
from orders import order_creator
from orders.models import Order, Payment, PaymentState, Product
from orders.services.http import ServerError
from tests.orders.factories import OrderFactory, ProductFactory

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)


def stock_of(order: Order) -> int:
    return Product.objects.get(pk=order.product_id).quantity_remaining


def test_charge_ends_the_payment_and_takes_the_goods_out_of_the_stock(services):
    order = OrderFactory.create(
        quantity=3, product__quantity_remaining=5, product__price_cents=110_00
    )

    order_creator.complete_order(order)

    payment = Payment.objects.get(order=order)
    assert (payment.state, payment.amount_cents) == (PaymentState.CHARGED, 330_00)
    assert Charge.objects.get().request["metadata"]["idempotency_key"] == payment.idempotency_key
    assert stock_of(order) == 2


def test_decline_ends_the_payment_and_leaves_the_stock_alone(services):
    order = OrderFactory.create(product__priced_for_decline=True, product__quantity_remaining=5)

    order_creator.complete_order(order)

    assert Payment.objects.get(order=order).state == PaymentState.DECLINED
    assert stock_of(order) == 5


def test_payment_that_was_started_is_sent_again_with_the_same_key_and_amount(services):
    Behavior.objects.create(service="payments", crash=True, when="after", remaining_requests=1)
    order = OrderFactory.create(product__price_cents=110_00)
    with pytest.raises(ServerError):
        order_creator.complete_order(order)
    assert Payment.objects.get(order=order).state == PaymentState.STARTED
    Product.objects.update(price_cents=190_00)

    order_creator.complete_order(Order.objects.get(pk=order.pk))

    charge = Charge.objects.get()
    assert charge.request["amount_cents"] == 110_00
    assert Order.objects.get(pk=order.pk).charge_id == charge.external_id
    assert Payment.objects.get(order=order).state == PaymentState.CHARGED


def test_second_run_takes_nothing_more_from_the_stock(services):
    order = OrderFactory.create(product__quantity_remaining=5)
    stale = Order.objects.get(pk=order.pk)
    order_creator.complete_order(order)

    order_creator.complete_order(stale)

    assert stock_of(order) == 4
    assert stale.charge_id == order.charge_id


def test_stock_that_ran_out_before_the_charge_stays_at_none_and_the_shortage_is_kept(
    services, caplog
):
    order = OrderFactory.create(quantity=3, product__quantity_remaining=5)
    Product.objects.update(quantity_remaining=1)

    order_creator.complete_order(order)

    order.refresh_from_db()
    assert order.charge_successful
    assert (stock_of(order), order.shortage) == (0, 2)
    assert f"order.short order={order.pk}" in caplog.text


def test_database_refuses_a_stock_below_none():
    product = ProductFactory.create()

    with pytest.raises(IntegrityError), transaction.atomic():
        Product.objects.filter(pk=product.pk).update(quantity_remaining=-1)


def test_database_refuses_a_second_payment_and_a_used_key():
    first = Payment.objects.start(OrderFactory.create())

    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.create(order=first.order, idempotency_key="another", amount_cents=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.create(
            order=OrderFactory.create(), idempotency_key=first.idempotency_key, amount_cents=1
        )


def test_database_refuses_an_unknown_state():
    payment = Payment.objects.start(OrderFactory.create())

    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.filter(pk=payment.pk).update(state="perhaps")
