"""Things for sale, and how many are left.

Only `cashier` takes from the stock, and only under a row lock. The last defence against a stock
below zero is the check that comes with a positive column.
"""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce, Lower

from orders.models.lengths import SHORT_TEXT


class ProductQuerySet(models.QuerySet["Product"]):
    """Products, and those that can be bought."""

    def available(self) -> Self:
        """Keep the products of which at least one is left."""
        return self.filter(quantity_remaining__gt=0)

    def with_sold(self) -> Self:
        """Add `sold`: how many were paid for.

        It is added up from the orders each time, not counted up by a job: a job that ran twice
        would count twice, and a sum cannot.
        """
        paid = Q(order__charge_successful=True)
        return self.annotate(sold=Coalesce(Sum("order__quantity", filter=paid), 0))


class Product(models.Model):
    """A thing for sale."""

    name = models.CharField(
        max_length=SHORT_TEXT,
        db_comment="What the customer sees; unique whatever the case of its letters.",
    )
    quantity_remaining = models.PositiveIntegerField(db_comment="How many are in stock.")
    price_cents = models.PositiveIntegerField(db_comment="The price of one, in US cents.")

    objects = ProductQuerySet.as_manager()

    class Meta:
        db_table_comment = "Things for sale."
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("name"),
                name="product_name_unique",
                violation_error_message="Name has already been taken",
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name
