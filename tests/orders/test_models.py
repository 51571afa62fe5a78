"""Tests of the shop's tables.

What is valid, what is unique, and where an order stands.
"""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from orders.models import Customer, Order, OrderState, Product
from tests.orders.factories import CustomerFactory, OrderFactory, ProductFactory

pytestmark = pytest.mark.django_db

CHARGED = {"charge_completed_at": timezone.now(), "charge_successful": True, "charge_id": "ch_1"}


def messages_of(row) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        row.full_clean()
    return caught.value.message_dict


def test_more_than_the_stock_is_refused():
    order = OrderFactory.build(
        product=ProductFactory.create(quantity_remaining=10),
        customer=CustomerFactory.create(),
        quantity=11,
    )

    assert messages_of(order) == {"quantity": ["Quantity is more than what is in stock"]}


def test_the_whole_stock_can_be_bought():
    order = OrderFactory.build(
        product=ProductFactory.create(quantity_remaining=10),
        customer=CustomerFactory.create(),
        quantity=10,
    )

    order.full_clean()


def test_placed_order_stays_valid_when_the_stock_is_gone():
    order = OrderFactory.create()

    order.product.quantity_remaining = 0

    order.full_clean()


def test_empty_order_is_told_everything_that_is_missing():
    order = Order(customer=CustomerFactory.create())

    assert messages_of(order) == {
        "product": ["Product must exist"],
        "email": ["Email can't be blank"],
        "address": ["Address can't be blank"],
    }


@pytest.mark.parametrize(
    ("quantity", "message"),
    [
        (0, "Quantity must be greater than 0"),
        (-1, "Quantity must be greater than 0"),
        (None, "Quantity can't be blank"),
    ],
)
def test_quantity_must_be_a_positive_number(quantity, message):
    order = OrderFactory.build(product=ProductFactory.create(), customer=CustomerFactory.create())
    order.quantity = quantity

    assert messages_of(order) == {"quantity": [message]}


def test_email_must_be_an_address():
    order = OrderFactory.build(
        product=ProductFactory.create(), customer=CustomerFactory.create(), email="kira"
    )

    assert messages_of(order) == {"email": ["Email is not a valid address"]}


def test_database_refuses_an_order_of_nothing():
    order = OrderFactory.create()

    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(quantity=0)


def test_customers_email_is_unique_whatever_its_case():
    first = CustomerFactory.create(email="Pat@example.com")
    twin = Customer(
        email="pat@EXAMPLE.com", payments_customer_id="cust_2", payments_payment_method_id="pm_2"
    )

    assert messages_of(twin) == {"__all__": ["Email has already been taken"]}
    assert first.email == "Pat@example.com"
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()


def test_products_name_is_unique_whatever_its_case():
    ProductFactory.create(name="Flux Capacitor")

    with pytest.raises(IntegrityError), transaction.atomic():
        ProductFactory.create(name="FLUX capacitor")


def test_current_customer_is_the_first_row():
    first = CustomerFactory.create()
    Customer.objects.create(
        email="a@example.com", payments_customer_id="cust_2", payments_payment_method_id="pm_2"
    )

    assert Customer.objects.current() == first


def test_sold_out_products_are_not_available():
    there = ProductFactory.create()
    ProductFactory.create(not_available=True)

    assert list(Product.objects.available()) == [there]


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ({}, OrderState.IN_PROGRESS),
        (CHARGED, OrderState.IN_PROGRESS),
        ({**CHARGED, "email_id": "em_1"}, OrderState.IN_PROGRESS),
        ({**CHARGED, "email_id": "em_1", "fulfillment_request_id": "fr_1"}, OrderState.COMPLETE),
        (
            {"charge_completed_at": timezone.now(), "charge_decline_reason": "Insufficient funds"},
            OrderState.DECLINED,
        ),
    ],
)
def test_state_follows_from_the_answers_of_the_services(answers, state):
    order = OrderFactory.create(**answers)

    assert order.state == state
    assert order.is_finished == (state != OrderState.IN_PROGRESS)
