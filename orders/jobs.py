"""The shop's jobs: each finds its order and does one step of it. Everything else is in `order_creator`.

The steps enqueue the jobs and the jobs run the steps, so the two modules import each other whole, never by name.
"""

from jobs import Job
from orders import order_creator
from orders.models import Order


class CompleteOrderJob(Job):
    """Charge for an order; the rest follows from that."""

    queue = "high"

    def perform(self, order_id: int) -> None:
        """Run the step for the order."""
        order_creator.complete_order(Order.objects.get(pk=order_id))


class SendOrderNotificationEmailJob(Job):
    """Send the confirmation of an order that is paid."""

    def perform(self, order_id: int) -> None:
        """Run the step for the order."""
        order_creator.send_notification_email(Order.objects.get(pk=order_id))


class RequestOrderFulfillmentJob(Job):
    """Have an order sent that is paid and confirmed."""

    def perform(self, order_id: int) -> None:
        """Run the step for the order."""
        order_creator.request_order_fulfillment(Order.objects.get(pk=order_id))
