"""The one payment of each order: what was asked, and whether it was answered.

`cashier` starts it before it asks the payment service, and ends it in the transaction that writes
the answer to the order. The payment decides what is still to be done. The charge columns of the
order say the same to pages and people.
"""

from typing import ClassVar

from django.db import models

from orders.models.lengths import SHORT_TEXT
from orders.models.order import Order


class PaymentState(models.TextChoices):
    """How far a payment has come.

    Only the first state can change: a started payment is sent again, with the same key.
    """

    STARTED = "started", "Started"
    CHARGED = "charged", "Charged"
    DECLINED = "declined", "Declined"


class PaymentQuerySet(models.QuerySet["Payment"]):
    """Payments, and the way to start one."""

    def start(self, order: Order) -> "Payment":
        """Return the payment of the order, started now if there is none.

        Two workers get the same row.
        """
        key = f"charge-order-{order.pk}"
        start = {"idempotency_key": key, "amount_cents": order.total_cents}
        payment, _ = self.get_or_create(order=order, defaults=start)
        return payment


class Payment(models.Model):
    """The money of one order.

    Key and amount never change: the payment service sees one request, however often it is sent.
    """

    order = models.OneToOneField(Order, on_delete=models.CASCADE, db_comment="What is paid for.")
    idempotency_key = models.CharField(
        max_length=SHORT_TEXT,
        unique=True,
        db_comment="What tells the payment service that two requests are one.",
    )
    amount_cents = models.PositiveIntegerField(
        db_comment="What is asked for, in US cents; a later change of price does not touch it."
    )
    state = models.CharField(
        max_length=8,
        choices=PaymentState,
        default=PaymentState.STARTED,
        db_comment="started, charged or declined.",
    )
    started_at = models.DateTimeField(
        auto_now_add=True, db_comment="When the money was first asked for."
    )

    objects = PaymentQuerySet.as_manager()

    class Meta:
        db_table_comment = "What was asked of the payment service, one row for each order."
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=PaymentState.values), name="payment_state_known"
            ),
        ]

    def __str__(self) -> str:
        """Return the idempotency key."""
        return self.idempotency_key
