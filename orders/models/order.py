"""Purchases, with what the three services answered.

The questions one asks about many of them are here too. The pages show them, the steps of
`order_creator` bring them forward, and `reconciliation` finds those that got stuck.
"""

from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse

from orders.models.customer import Customer
from orders.models.lengths import SHORT_TEXT
from orders.models.product import Product


class OrderState(models.TextChoices):
    """Where an order stands, at a glance."""

    IN_PROGRESS = "in_progress", "In progress"
    COMPLETE = "complete", "Complete"
    DECLINED = "declined", "Declined"


class OrderQuerySet(models.QuerySet["Order"]):
    """Orders, by the step that they wait for."""

    def uncharged(self) -> Self:
        """Keep those that the payment service has not answered yet."""
        return self.filter(charge_completed_at=None)

    def unconfirmed(self) -> Self:
        """Keep those that are paid and not confirmed by e-mail."""
        return self.filter(charge_successful=True, email_id=None)

    def unfulfilled(self) -> Self:
        """Keep those that are confirmed and not handed to the fulfillment service."""
        return self.filter(
            charge_successful=True, email_id__isnull=False, fulfillment_request_id=None
        )


class Order(models.Model):
    """A purchase of one product, and what the three services answered about it.

    An id of a service is null until that service has done its work. So each step of the background
    work can tell from the row alone whether it is still needed. The messages are whole sentences.
    Those under `required` and `invalid_choice` are for the fields of the order form, which takes
    them from here.
    """

    product = models.ForeignKey(
        Product,
        on_delete=models.PROTECT,
        error_messages=dict.fromkeys(
            ["null", "required", "invalid", "invalid_choice"], "Product must exist"
        ),
        db_comment="What was bought.",
    )
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_comment="Who bought it.")
    quantity = models.PositiveIntegerField(
        default=1,
        validators=[MinValueValidator(1)],
        error_messages={
            "null": "Quantity can't be blank",
            "required": "Quantity can't be blank",
            "invalid": "Quantity is not a whole number",
            "min_value": "Quantity must be greater than 0",
            "max_value": "Quantity is too large",
        },
        db_comment="How many were bought.",
    )
    address = models.TextField(
        error_messages=dict.fromkeys(["blank", "required"], "Address can't be blank"),
        db_comment="Where to send it.",
    )
    email = models.EmailField(
        error_messages={
            "blank": "Email can't be blank",
            "required": "Email can't be blank",
            "invalid": "Email is not a valid address",
        },
        db_comment="Where to send the confirmation.",
    )
    created_at = models.DateTimeField(
        auto_now_add=True, editable=False, db_comment="When the order was placed."
    )
    charge_completed_at = models.DateTimeField(
        null=True,
        blank=True,
        db_comment="When the payment service answered, be it with a charge or a decline.",
    )
    charge_successful = models.BooleanField(
        default=False, db_comment="Whether the payment service took the money."
    )
    charge_decline_reason = models.TextField(
        null=True, blank=True, db_comment="Why the payment service declined; null if it did not."
    )
    charge_id = models.CharField(
        max_length=SHORT_TEXT,
        null=True,
        blank=True,
        db_comment="The charge's id at the payment service.",
    )
    email_id = models.CharField(
        max_length=SHORT_TEXT,
        null=True,
        blank=True,
        db_comment="The confirmation's id at the e-mail service.",
    )
    fulfillment_request_id = models.CharField(
        max_length=SHORT_TEXT,
        null=True,
        blank=True,
        db_comment="The request's id at the fulfillment service.",
    )
    shortage = models.PositiveIntegerField(
        default=0,
        db_comment="How many of them were no longer in stock when the charge was recorded.",
    )
    email_claimed_by = models.CharField(
        max_length=SHORT_TEXT,
        null=True,
        blank=True,
        editable=False,
        db_comment="The job that may send the confirmation.",
    )
    email_claimed_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        db_comment="When that job began; the claim lapses after a while.",
    )
    reconciled_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        db_comment="When reconciliation last started the missing step.",
    )

    job_id = models.CharField(
        max_length=SHORT_TEXT,
        null=True,
        blank=True,
        editable=False,
        db_comment="The job that was enqueued last for it, to be looked at.",
    )

    objects = OrderQuerySet.as_manager()

    class Meta:
        db_table_comment = "Purchases, and how far the services have come with them."
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0), name="order_quantity_positive"
            ),
        ]

    def __str__(self) -> str:
        """Return the words that name the order on its page."""
        return f"Order {self.pk}"

    def get_absolute_url(self) -> str:
        """Return the address of the order's page."""
        return reverse("orders:detail", args=[self.pk])

    def clean(self) -> None:
        """Refuse a new order of more than what is in stock.

        The stock of an order already placed is its own affair.
        """
        if (
            self._state.adding
            and self.product_id
            and self.quantity
            and self.quantity > self.product.quantity_remaining
        ):
            raise ValidationError({"quantity": "Quantity is more than what is in stock"})

    @property
    def total_cents(self) -> int:
        """Return the price of the whole order, in US cents."""
        return self.quantity * self.product.price_cents

    @property
    def state(self) -> OrderState:
        """Tell where the order stands."""
        if self.charge_completed_at and not self.charge_successful:
            return OrderState.DECLINED
        if self.charge_id and self.email_id and self.fulfillment_request_id:
            return OrderState.COMPLETE
        return OrderState.IN_PROGRESS

    @property
    def is_finished(self) -> bool:
        """Tell whether nothing more will happen to the order by itself."""
        return self.state != OrderState.IN_PROGRESS
