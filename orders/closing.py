"""Closes a day: counts its orders, and keeps the figures.

`CloseDayJob` does it each night. A second run of the same day counts it again and changes its one
row, so a run that comes late, or twice, does no harm.
"""

from datetime import date, datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from orders.models import DayFigures, Order


def day_before(moment: datetime) -> date:
    """Return the day before a moment, in the time zone of the shop."""
    return timezone.localdate(moment) - timedelta(days=1)


def close_day(day: date) -> DayFigures:
    """Count the orders of a day, and keep the figures.

    It costs one query to count, and one transaction to write.
    """
    counted = Order.objects.filter(created_at__date=day).aggregate(
        placed=Count("pk"),
        charged=Count("pk", filter=Q(charge_successful=True)),
        declined=Count("pk", filter=Q(charge_decline_reason__isnull=False)),
    )
    figures, _ = DayFigures.objects.update_or_create(day=day, defaults=counted)
    return figures
