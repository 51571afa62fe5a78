"""What happens to an order, in steps: create, complete (charge), notify, fulfill.

The views and the jobs call it. Each step but the first may run again at any time, after a crash at
any line, or twice at once. It calls its service only if the order does not show the answer yet, and
it asks in a way that does nothing twice.

The commit that keeps the answer enqueues the next step's job, so an answer that was rolled back
starts nothing. A step that finds its work done enqueues the next job again, so a crash just after
that commit strands no order.

No service is called inside a transaction: it would hold locks while somebody else's computer
thinks.
"""

from uuid import uuid4

from django.db import transaction

from orders import cashier, confirmation
from orders import jobs as order_jobs  # a circular import: see the head of that module
from orders.models import Order
from orders.services.fulfillment import FulfillmentClient
from orders.shop_job import ShopJob


def create_order(order: Order) -> Order:
    """Save a valid order and enqueue its completion.

    Raise `ValidationError` and save nothing if it is not valid. The job is kept in the outbox: it
    is there if and only if the order is, also when Redis is away.
    """
    order.full_clean()
    with transaction.atomic():
        order.save()
        order.job_id = order_jobs.CompleteOrderJob.enqueue(order.pk).id
        order.save(update_fields=["job_id"])
    return order


def complete_order(order: Order) -> None:
    """Charge for the order, take it from the stock and enqueue the confirmation.

    A decline ends the order here.
    """
    answer = None if order.charge_completed_at else cashier.charge(order)
    with transaction.atomic():
        if answer:
            cashier.record(order, answer)
        if order.charge_successful:
            _start(order_jobs.SendOrderNotificationEmailJob, order)


def send_notification_email(order: Order, claimant: str = "") -> None:
    """Confirm the order by e-mail and enqueue its fulfillment.

    `claimant` is the id of the job that asks, the same in each of its attempts. Raise
    `ConfirmationClaimed` while another one is at it.
    """
    email_id = None if order.email_id else confirmation.confirm(order, claimant or uuid4().hex)
    with transaction.atomic():
        if email_id:
            order.email_id = email_id
            order.save(update_fields=["email_id"])
        _start(order_jobs.RequestOrderFulfillmentJob, order)


def request_order_fulfillment(order: Order) -> None:
    """Have the order sent."""
    if order.fulfillment_request_id:
        return
    order.fulfillment_request_id = _request_fulfillment(order)
    order.save(update_fields=["fulfillment_request_id"])


def _start(job: type[ShopJob], order: Order) -> None:
    """Enqueue the next job of an order, and note which one it is.

    The page of an order that is finished shows none.
    """
    enqueued = job.enqueue(order.pk)
    if not order.is_finished:
        order.job_id = enqueued.id
        order.save(update_fields=["job_id"])


def _request_fulfillment(order: Order) -> str:
    return FulfillmentClient().request_fulfillment(
        order.customer_id,
        order.address,
        order.product_id,
        order.quantity,
        metadata={"order_id": order.pk, "idempotency_key": f"idempotency_key-order-{order.pk}"},
    )
