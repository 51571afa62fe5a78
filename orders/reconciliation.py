"""Finds orders that got stuck and starts the step that is missing.

This is what the shop sees when a job was lost. A job lost with its Redis, deleted by hand, or not
enqueued since Redis was away leaves an order that nothing will move. `ReconcileOrdersJob` calls it
every five minutes, by its schedule, and people do with `manage.py reconcile_orders`. It never does
a step itself. As each step does nothing twice, starting one that is only late does no harm.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from orders import jobs as order_jobs  # a circular import: see the head of that module
from orders.models import Order
from orders.reports import report
from orders.services.http import ServiceError
from orders.shop_job import ShopJob
from orders.stuck import STUCK_AFTER, stuck_orders

logger = logging.getLogger(__name__)

#: Most orders in one push and one UPDATE.
BATCH = 500
#: Most ids of orders, for each step, in the report.
REPORTED = 20


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What one run found: ids of orders, by the step started for them."""

    uncharged: list[int]
    unconfirmed: list[int]
    unfulfilled: list[int]

    @property
    def count(self) -> int:
        """Return the number of orders that were stuck."""
        return len(self.uncharged) + len(self.unconfirmed) + len(self.unfulfilled)

    def __str__(self) -> str:
        """Return the summary."""
        return (
            f"Stuck orders started again: {self.count} ({len(self.uncharged)} not charged, "
            f"{len(self.unconfirmed)} not confirmed, {len(self.unfulfilled)} not fulfilled)."
        )


def reconcile_orders(older_than: timedelta = STUCK_AFTER) -> Reconciliation:
    """Start the missing step of every order that waited longer than `older_than`.

    If there was any, report it. An order that was started is left alone for as long again, so that
    runs in a row do not pile up jobs. What waits for confirmation or fulfillment counts from its
    charge. Raise `StoreUnavailable` when Redis is away.
    """
    before = timezone.now() - older_than
    is_alone = Q(reconciled_at=None) | Q(reconciled_at__lt=before)
    stuck = {name: orders.filter(is_alone) for name, orders in stuck_orders(before).items()}
    found = Reconciliation(
        _start(order_jobs.CompleteOrderJob, stuck["uncharged"]),
        _start(order_jobs.SendOrderNotificationEmailJob, stuck["unconfirmed"]),
        _start(order_jobs.RequestOrderFulfillmentJob, stuck["unfulfilled"]),
    )
    if found.count:
        _report(found)
    return found


def _start(job: type[ShopJob], stuck: QuerySet[Order]) -> list[int]:
    """Enqueue a job for each order, then note it.

    A crash in between enqueues some twice, which beats never. They go past the outbox: the next run
    looks again anyway.
    """
    ids = list(stuck.values_list("pk", flat=True))
    for first in range(0, len(ids), BATCH):
        batch = ids[first : first + BATCH]
        enqueued = job.using(commit="immediate").enqueue_many([(order_id,) for order_id in batch])
        now = timezone.now()
        started = [
            Order(pk=order_id, job_id=each.id, reconciled_at=now)
            for order_id, each in zip(batch, enqueued, strict=True)
        ]
        Order.objects.bulk_update(started, ["job_id", "reconciled_at"])
    return ids


def _report(found: Reconciliation) -> None:
    """Tell people, once for all orders.

    An error catcher that is away must not undo what was started.
    """
    logger.warning("orders.reconciled %s", found)
    some = {
        "uncharged": found.uncharged[:REPORTED],
        "unconfirmed": found.unconfirmed[:REPORTED],
        "unfulfilled": found.unfulfilled[:REPORTED],
    }
    try:
        report(str(found), some)
    except ServiceError as error:
        logger.error("orders.reconciliation_not_reported error=%r", str(error))  # noqa: TRY400  # foreseen
