"""`manage.py reconcile_orders`: start orders again that got stuck. For cron, and for the hour after a bad one."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs import StoreUnavailable
from orders.reconciliation import STUCK_AFTER, reconcile_orders

MINUTES = STUCK_AFTER.total_seconds() / 60


class Command(BaseCommand):
    """Look once, and say what was found."""

    help = "Finds orders that wait too long for charge, confirmation or fulfillment, and enqueues what is missing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the threshold."""
        parser.add_argument(
            "--older-than",
            type=float,
            default=MINUTES,
            metavar="MINUTES",
            help=f"leave younger ones alone ({MINUTES:g})",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Reconcile."""
        try:
            found = reconcile_orders(timedelta(minutes=options["older_than"]))
        except StoreUnavailable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(str(found) if found.count else "No order is stuck.")
