"""The shop's tables: customers, products, orders, with comments and constraints in the database itself.

The pages and the steps of `order_creator` read and write them. No model ever enqueues a job or calls a service.
`Customer` is the buyer; it is not Django's `User`, who signs in to the admin.
"""

from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse

#: The longest text in an e-mail address, a name or an id of another company.
SHORT_TEXT = 254


class CustomerQuerySet(models.QuerySet["Customer"]):
    """Customers, and the one who is shopping."""

    def current(self) -> "Customer | None":
        """Return the customer who is shopping: nobody signs in, so it is the first row."""
        return self.order_by("pk").first()


class Customer(models.Model):
    """A person who buys, known to the payment service under ids of its own."""

    email = models.EmailField(db_comment="Where to reach the customer; unique whatever the case of its letters.")
    payments_customer_id = models.CharField(
        max_length=SHORT_TEXT, unique=True, db_comment="The customer's id at the payment service, such as cust_12ab."
    )
    payments_payment_method_id = models.CharField(
        max_length=SHORT_TEXT, unique=True, db_comment="The card on file at the payment service, such as pm_12ab."
    )

    objects = CustomerQuerySet.as_manager()

    class Meta:
        db_table_comment = "People who buy."
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("email"), name="customer_email_unique", violation_error_message="Email has already been taken"
            ),
        ]

    def __str__(self) -> str:
        """Return the e-mail address."""
        return self.email


class ProductQuerySet(models.QuerySet["Product"]):
    """Products, and those that can be bought."""

    def available(self) -> Self:
        """Keep the products of which at least one is left."""
        return self.filter(quantity_remaining__gt=0)


class Product(models.Model):
    """A thing for sale."""

    name = models.CharField(
        max_length=SHORT_TEXT, db_comment="What the customer sees; unique whatever the case of its letters."
    )
    quantity_remaining = models.PositiveIntegerField(db_comment="How many are in stock.")
    price_cents = models.PositiveIntegerField(db_comment="The price of one, in US cents.")

    objects = ProductQuerySet.as_manager()

    class Meta:
        db_table_comment = "Things for sale."
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("name"), name="product_name_unique", violation_error_message="Name has already been taken"
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class OrderState(models.TextChoices):
    """Where an order stands, at a glance."""

    IN_PROGRESS = "in_progress", "In progress"
    COMPLETE = "complete", "Complete"
    DECLINED = "declined", "Declined"


class Order(models.Model):
    """A purchase of one product, and what the three services answered about it.

    An id of a service is null until that service has done its work; so each step of the background work can tell
    from the row alone whether it is still needed. The messages are whole sentences; those under `required` and
    `invalid_choice` are for the fields of the order form, which takes them from here.
    """

    product = models.ForeignKey(
        Product,
        on_delete=models.PROTECT,
        error_messages=dict.fromkeys(["null", "required", "invalid", "invalid_choice"], "Product must exist"),
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
        error_messages=dict.fromkeys(["blank", "required"], "Address can't be blank"), db_comment="Where to send it."
    )
    email = models.EmailField(
        error_messages={
            "blank": "Email can't be blank",
            "required": "Email can't be blank",
            "invalid": "Email is not a valid address",
        },
        db_comment="Where to send the confirmation.",
    )
    created_at = models.DateTimeField(auto_now_add=True, editable=False, db_comment="When the order was placed.")
    charge_completed_at = models.DateTimeField(
        null=True, blank=True, db_comment="When the payment service answered, be it with a charge or a decline."
    )
    charge_successful = models.BooleanField(default=False, db_comment="Whether the payment service took the money.")
    charge_decline_reason = models.TextField(
        null=True, blank=True, db_comment="Why the payment service declined; null if it did not."
    )
    charge_id = models.CharField(
        max_length=SHORT_TEXT, null=True, blank=True, db_comment="The charge's id at the payment service."
    )
    email_id = models.CharField(
        max_length=SHORT_TEXT, null=True, blank=True, db_comment="The confirmation's id at the e-mail service."
    )
    fulfillment_request_id = models.CharField(
        max_length=SHORT_TEXT, null=True, blank=True, db_comment="The request's id at the fulfillment service."
    )

    class Meta:
        db_table_comment = "Purchases, and how far the services have come with them."
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="order_quantity_positive"),
        ]

    def __str__(self) -> str:
        """Return the words that name the order on its page."""
        return f"Order {self.pk}"

    def get_absolute_url(self) -> str:
        """Return the address of the order's page."""
        return reverse("orders:detail", args=[self.pk])

    def clean(self) -> None:
        """Refuse a new order of more than what is in stock; the stock of an order already placed is its own affair."""
        if self._state.adding and self.product_id and self.quantity and self.quantity > self.product.quantity_remaining:
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
