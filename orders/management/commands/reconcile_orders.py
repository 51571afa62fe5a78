"""`manage.py reconcile_orders`: start orders again that got stuck.

`ReconcileOrdersJob` does it every five minutes. This is for the hour after a bad one. With
`--every` it goes on looking, also while no worker runs.
"""

import time
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, close_old_connections

from jobs import StoreUnavailable
from orders.reconciliation import reconcile_orders
from orders.stuck import STUCK_AFTER

MINUTES = STUCK_AFTER.total_seconds() / 60


class Command(BaseCommand):
    """Look once, or now and then, and say what was found."""

    help = (
        "Finds orders that wait too long for charge, confirmation or fulfillment, "
        "and enqueues what is missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the threshold and the pace."""
        parser.add_argument(
            "--older-than",
            type=float,
            default=MINUTES,
            metavar="MINUTES",
            help=f"leave younger ones alone ({MINUTES:g})",
        )
        parser.add_argument(
            "--every",
            type=float,
            metavar="MINUTES",
            help="go on, and look again after so long (look once)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Reconcile."""
        older_than, every = timedelta(minutes=options["older_than"]), options["every"]
        if every is None:
            self._look(older_than)
            return
        if every <= 0:
            raise CommandError("--every must be a number of minutes above 0.")
        while True:
            self._look_whatever_happens(older_than)
            time.sleep(every * 60)

    def _look(self, older_than: timedelta) -> None:
        try:
            found = reconcile_orders(older_than)
        except StoreUnavailable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(str(found) if found.count else "No order is stuck.")

    def _look_whatever_happens(self, older_than: timedelta) -> None:
        """Look, and leave to the next time what was in the way."""
        try:
            self._look(older_than)
        except (CommandError, DatabaseError) as error:
            self.stderr.write(f"{error} The next look is as usual.")
        finally:
            close_old_connections()
