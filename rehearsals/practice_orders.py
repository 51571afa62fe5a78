"""Orders to practice on. The drills place them.

The sample customer buys a product that exists for this.
"""

from orders.models import Customer, Order, Product
from orders.naive import NaiveCompleteOrderJob
from orders.order_creator import create_order

#: Name and price in cents; the payment service declines exactly $99.99.
PAYABLE = ("Holodeck Practice Dummy", 123_45)
DECLINED = ("Holodeck Practice Dummy, Deluxe", 99_99)
STOCK = 1_000


class ShopIsEmpty(Exception):
    """There is nobody to buy anything."""


def place_order(product: tuple[str, int] = PAYABLE) -> Order:
    """Place an order as the shop's page does, and return it."""
    return create_order(_order(product))


def place_naive_order() -> Order:
    """Place an order that the naive job completes, and return it."""
    order = _order(PAYABLE)
    order.save()
    NaiveCompleteOrderJob.enqueue(order.pk)
    return order


def _order(product: tuple[str, int]) -> Order:
    """Return an order that is not saved yet.

    The product's stock is set, not increased, so it never runs out.
    """
    customer = Customer.objects.current()
    if customer is None:
        raise ShopIsEmpty("The shop has no customer: run python manage.py load_sample_data")
    name, price_cents = product
    bought, _ = Product.objects.update_or_create(
        name=name, defaults={"price_cents": price_cents, "quantity_remaining": STOCK}
    )
    return Order(
        product=bought, customer=customer, email=customer.email, address="Holodeck 3\nDeck 11"
    )
