"""How the shop is doing, in numbers of the business.

They are orders over time, and how long orders wait. Queues and workers may look well while nothing
is sold, so this asks the orders themselves. Its page is in the admin. Everything is counted from
the rows when it is asked for, never counted up.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Avg, Count, F, Max, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from orders.models import Order
from orders.stuck import STUCK_AFTER, stuck_orders

#: How many days the page shows, today included.
DAYS = 14
#: What an order that is stuck waits for, by the names that reconciliation uses.
WAITS_FOR = {"uncharged": "charge", "unconfirmed": "confirmation", "unfulfilled": "fulfillment"}


@dataclass(frozen=True, slots=True)
class Day:
    """The orders that were placed on one day."""

    day: date
    placed: int = 0
    charged: int = 0
    declined: int = 0
    #: From order to the answer of the payment service; None where it gave none.
    average_wait: timedelta | None = None
    longest_wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Stuck:
    """How many orders have waited too long for one step."""

    name: str
    count: int

    def __str__(self) -> str:
        """Say it in a sentence."""
        minutes = STUCK_AFTER.total_seconds() / 60
        noun = "order has" if self.count == 1 else "orders have"
        step = WAITS_FOR[self.name]
        return f"{self.count} {noun} waited for the {step} for more than {minutes:g} minutes"


def orders_by_day(days: int = DAYS) -> list[Day]:
    """Return the last days, today first, those without orders too. One query."""
    today = timezone.localdate()
    first = today - timedelta(days=days - 1)
    found = {day.day: day for day in _days_since(first)}
    wanted = (today - timedelta(days=ago) for ago in range(days))
    return [found.get(day, Day(day)) for day in wanted]


def _days_since(first: date) -> Iterator[Day]:
    wait = F("charge_completed_at") - F("created_at")
    rows = (
        Order.objects.filter(created_at__date__gte=first)
        .annotate(day=TruncDate("created_at"))
        .values("day")
        .annotate(
            placed=Count("pk"),
            charged=Count("pk", filter=Q(charge_successful=True)),
            declined=Count("pk", filter=Q(charge_decline_reason__isnull=False)),
            average_wait=Avg(wait),
            longest_wait=Max(wait),
        )
        .order_by("day")
    )
    return (Day(**row) for row in rows)


def stuck() -> list[Stuck]:
    """Return what orders are stuck at, nothing where none is. Three queries."""
    found = stuck_orders(timezone.now() - STUCK_AFTER)
    counted = (Stuck(name, orders.count()) for name, orders in found.items())
    return [each for each in counted if each.count]
