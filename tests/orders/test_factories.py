"""Lint of the factories: everything they make must be valid."""

import pytest

from orders.models import Customer, Product
from tests.orders.factories import CustomerFactory, OrderFactory, ProductFactory

TRAITS = [
    (CustomerFactory, {}),
    (ProductFactory, {}),
    (ProductFactory, {"priced_for_decline": True}),
    (ProductFactory, {"not_available": True}),
    (OrderFactory, {}),
    (OrderFactory, {"product__priced_for_decline": True}),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("make", "traits"), TRAITS)
def test_every_factory_makes_valid_rows(make, traits):
    row = make.create(**traits)

    row.full_clean()


@pytest.mark.django_db
def test_factories_use_the_one_customer_again():
    OrderFactory.create()
    OrderFactory.create()

    assert Customer.objects.count() == 1


@pytest.mark.django_db
def test_no_product_is_declined_by_chance():
    ProductFactory.create_batch(20)

    assert not Product.objects.filter(price_cents=99_99).exists()
