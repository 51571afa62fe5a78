"""The shop's jobs: each finds its order and does one step of it.

Everything else is in the modules that they call. The steps enqueue the jobs and the jobs run the
steps. So this module and `order_creator`, and likewise `reconciliation`, import each other whole,
never by name.
"""

import time
from datetime import timedelta

from django.utils import timezone

from jobs import Cron, Every, Snooze
from orders import closing, order_creator, reconciliation
from orders.confirmation import CLAIM, ConfirmationClaimed
from orders.models import Order
from orders.naive import NaiveCompleteOrderJob
from orders.reports import ReportJob
from orders.shop_job import ShopJob
from orders.stuck import STUCK_AFTER

__all__ = [
    "CloseDayJob",
    "CompleteOrderJob",
    "NaiveCompleteOrderJob",  # imported, as ReportJob is, so that workers know it
    "NapJob",
    "ReconcileOrdersJob",
    "ReportJob",
    "RequestOrderFulfillmentJob",
    "SendOrderNotificationEmailJob",
]


class CompleteOrderJob(ShopJob):
    """Charge for an order. The rest follows from that.

    It is a row of the transaction that saves the order, until it is in Redis.
    """

    queue = "high"
    outbox = True

    def perform(self, order_id: int) -> None:
        """Run the step for the order."""
        order_creator.complete_order(Order.objects.get(pk=order_id))


class SendOrderNotificationEmailJob(ShopJob):
    """Send the confirmation of an order that is paid."""

    def perform(self, order_id: int) -> None:
        """Run the step for the order.

        Come back when another job that is at it has had its time.
        """
        try:
            order_creator.send_notification_email(
                Order.objects.get(pk=order_id), claimant=self.job_id
            )
        except ConfirmationClaimed as claimed:
            raise Snooze(CLAIM.total_seconds()) from claimed


class RequestOrderFulfillmentJob(ShopJob):
    """Have an order sent that is paid and confirmed."""

    def perform(self, order_id: int) -> None:
        """Run the step for the order."""
        order_creator.request_order_fulfillment(Order.objects.get(pk=order_id))


class ReconcileOrdersJob(ShopJob):
    """Start again whatever got stuck, every five minutes.

    While a run takes longer, the next one is skipped.
    """

    schedule = Every(timedelta(minutes=5))

    def perform(self, older_than_minutes: float = STUCK_AFTER.total_seconds() / 60) -> None:
        """Look for orders that have waited that long."""
        reconciliation.reconcile_orders(timedelta(minutes=older_than_minutes))


class CloseDayJob(ShopJob):
    """Keep the figures of the day before, each night.

    The day follows from the moment that the run is for. So a run that comes hours later, because
    nobody was there at night, closes the right day.
    """

    schedule = Cron("15 0 * * *", catch_up=timedelta(days=1))

    def perform(self) -> None:
        """Close the day before. Run by hand, that is yesterday."""
        closing.close_day(closing.day_before(self.scheduled_at or timezone.now()))


class NapJob(ShopJob):
    """Do nothing for a while.

    `load_jobs` makes many of these, to fill queues and charts.
    """

    def perform(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)
