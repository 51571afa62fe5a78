"""Which orders are stuck.

They have waited for a step for longer than any step should take. `reconciliation` starts them
again, and the admin shows them to people.
"""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from orders.models import Order

#: How long an order may wait for a step before it counts as stuck.
STUCK_AFTER = timedelta(minutes=10)


def stuck_orders(before: datetime) -> dict[str, QuerySet[Order]]:
    """Return the orders that wait since before a moment, by their step.

    What waits for confirmation or fulfillment counts from its charge.
    """
    orders = Order.objects.order_by("pk")
    return {
        "uncharged": orders.uncharged().filter(created_at__lt=before),
        "unconfirmed": orders.unconfirmed().filter(charge_completed_at__lt=before),
        "unfulfilled": orders.unfulfilled().filter(charge_completed_at__lt=before),
    }
