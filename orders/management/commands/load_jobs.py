"""`manage.py load_jobs`: fill queues and charts with orders.

Each order has a nap beside it. Never for a real shop. Running it again sets the same products to
the same stock, and only the orders add up.
"""

import random
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs import StoreUnavailable
from orders.jobs import NapJob
from orders.models import Customer, Order, Product
from orders.order_creator import create_order

#: How many orders pass between two lines of progress.
STEP = 100
LOWEST_CENTS, HIGHEST_CENTS = 100_00, 199_99


class Command(BaseCommand):
    """Place many orders."""

    help = (
        "Adds products and places many orders, which a worker then completes; stops after the last."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how much of everything."""
        parser.add_argument(
            "--products", type=int, default=10, help="how many products to order (10)"
        )
        parser.add_argument(
            "--orders", type=int, default=1_000, help="how many orders to place (1000)"
        )
        parser.add_argument(
            "--pause",
            type=float,
            default=2.0,
            metavar="SECONDS",
            help="longest pause between two orders; 0: none (2)",
        )
        parser.add_argument(
            "--nap",
            type=float,
            default=2.0,
            metavar="SECONDS",
            help="longest sleep of the job beside each order (2)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Place the orders, one after the other."""
        customer = Customer.objects.current()
        if customer is None:
            raise CommandError("The shop has no customer: run manage.py load_sample_data")
        if options["products"] < 1 or min(options["orders"], options["pause"], options["nap"]) < 0:
            raise CommandError("At least one product, and no negative numbers.")
        products = [
            _set_product(number, options["orders"]) for number in range(1, options["products"] + 1)
        ]
        try:
            self._place_orders(customer, products, options)
        except StoreUnavailable as error:
            raise CommandError(str(error)) from error

    def _place_orders(
        self, customer: Customer, products: list[Product], options: dict[str, Any]
    ) -> None:
        for number in range(1, options["orders"] + 1):
            _place_order(customer, random.choice(products), random.uniform(0, options["nap"]))
            if number % STEP == 0 or number == options["orders"]:
                self.stdout.write(f"{number} of {options['orders']} orders placed.")
            time.sleep(random.uniform(0, options["pause"]))


def _set_product(number: int, stock: int) -> Product:
    """Set one product to a stock that is enough for all orders.

    Its price is never the one that is declined.
    """
    price_cents = random.randint(LOWEST_CENTS, HIGHEST_CENTS)
    product, _ = Product.objects.update_or_create(
        name=f"Load Test Article {number}",
        defaults={"quantity_remaining": stock, "price_cents": price_cents},
    )
    return product


def _place_order(customer: Customer, product: Product, nap_seconds: float) -> None:
    create_order(
        Order(
            product=product,
            customer=customer,
            quantity=1,
            email=customer.email,
            address="1 Load Street\nTestville",
        )
    )
    NapJob.enqueue(round(nap_seconds, 3))
