"""People who buy. `Customer` is not Django's `User`, who signs in to the admin.

The pages and the steps of an order read it; nothing in the shop changes it.
"""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower

from orders.models.lengths import SHORT_TEXT


class CustomerQuerySet(models.QuerySet["Customer"]):
    """Customers, and the one who is shopping."""

    def current(self) -> "Customer | None":
        """Return the customer who is shopping.

        Nobody signs in, so it is the first row.
        """
        return self.order_by("pk").first()


class Customer(models.Model):
    """A person who buys, known to the payment service under ids of its own."""

    email = models.EmailField(
        db_comment="Where to reach the customer; unique whatever the case of its letters."
    )
    payments_customer_id = models.CharField(
        max_length=SHORT_TEXT,
        unique=True,
        db_comment="The customer's id at the payment service, such as cust_12ab.",
    )
    payments_payment_method_id = models.CharField(
        max_length=SHORT_TEXT,
        unique=True,
        db_comment="The card on file at the payment service, such as pm_12ab.",
    )

    objects = CustomerQuerySet.as_manager()

    class Meta:
        db_table_comment = "People who buy."
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("email"),
                name="customer_email_unique",
                violation_error_message="Email has already been taken",
            ),
        ]

    def __str__(self) -> str:
        """Return the e-mail address."""
        return self.email
