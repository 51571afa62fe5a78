"""Factories of the shop's rows.

Prices lie between $100.00 and $199.99, so nothing is declined by chance.
"""

from typing import Any

from factory.declarations import Sequence, SubFactory, Trait
from factory.django import DjangoModelFactory
from factory.faker import Faker

from orders.models import Customer, Order, Product


class CustomerFactory(DjangoModelFactory[Customer]):
    """The one customer: an existing row is used again."""

    class Meta:
        model = Customer

    email = Sequence(lambda n: f"customer-{n}@example.com")
    payments_customer_id = Faker("hexify", text="cust_^^^^^^^^^^^^^^^^")
    payments_payment_method_id = Faker("hexify", text="pm_^^^^^^^^^^^^^^^^")

    @classmethod
    def _create(cls, model_class: type[Customer], *args: Any, **kwargs: Any) -> Customer:
        return model_class.objects.current() or super()._create(model_class, *args, **kwargs)


class ProductFactory(DjangoModelFactory[Product]):
    """A product of which there are a few."""

    class Meta:
        model = Product

    class Params:
        priced_for_decline = Trait(price_cents=99_99)
        not_available = Trait(quantity_remaining=0)

    name = Sequence(lambda n: f"Reverse Polarity Coil {n}")
    price_cents = Faker("random_int", min=100_00, max=199_99)
    quantity_remaining = Faker("random_int", min=1, max=10)


class OrderFactory(DjangoModelFactory[Order]):
    """An order of one product that was just placed."""

    class Meta:
        model = Order

    product = SubFactory(ProductFactory)
    customer = SubFactory(CustomerFactory)
    quantity = 1
    address = Faker("address")
    email = Faker("email")
