"""What happens to an order, in steps: create, complete (charge), notify, fulfill. The views and the jobs call it.

Each step but the first may run again at any time, after a crash at any line: it calls its service only if the order
does not show the answer yet, and it asks in a way that does nothing twice. The commit that keeps the answer enqueues
the next step's job, so an answer that was rolled back starts nothing; a step that finds its work done enqueues the
next job again, so a crash just after that commit strands no order. No service is called inside a transaction: it
would hold locks while somebody else's computer thinks.
"""

from django.db import transaction
from django.utils import timezone

from orders import jobs as order_jobs  # a circular import: see the head of that module
from orders.models import Order
from orders.services.email import EmailClient
from orders.services.fulfillment import FulfillmentClient
from orders.services.payments import Charge, Decline, PaymentsClient

#: The template of the e-mail service that confirms an order.
CONFIRMATION_TEMPLATE = "order-confirmation"


def create_order(order: Order) -> Order:
    """Save a valid order and enqueue its completion; raise `ValidationError` and save nothing otherwise.

    Raise `StoreUnavailable` when Redis is away at the commit: the order is saved then, and nothing has started it.
    """
    order.full_clean()
    with transaction.atomic():
        order.save()
        order_jobs.CompleteOrderJob.enqueue(order.pk)
    return order


def complete_order(order: Order) -> None:
    """Charge for the order and enqueue the confirmation; a decline ends the order here."""
    answer = None if order.charge_completed_at else _charge(order)
    with transaction.atomic():
        if answer:
            _record_charge(order, answer)
        if order.charge_successful:
            order_jobs.SendOrderNotificationEmailJob.enqueue(order.pk)


def send_notification_email(order: Order) -> None:
    """Confirm the order by e-mail and enqueue its fulfillment."""
    email_id = None if order.email_id else _find_email(order) or _send_email(order)
    with transaction.atomic():
        if email_id:
            order.email_id = email_id
            order.save(update_fields=["email_id"])
        order_jobs.RequestOrderFulfillmentJob.enqueue(order.pk)


def request_order_fulfillment(order: Order) -> None:
    """Have the order sent."""
    if order.fulfillment_request_id:
        return
    order.fulfillment_request_id = _request_fulfillment(order)
    order.save(update_fields=["fulfillment_request_id"])


def _charge(order: Order) -> Charge | Decline:
    return PaymentsClient().charge(
        order.customer.payments_customer_id,
        order.customer.payments_payment_method_id,
        order.total_cents,
        metadata={"order_id": order.pk, "idempotency_key": f"charge-order-{order.pk}"},
    )


def _record_charge(order: Order, answer: Charge | Decline) -> None:
    order.charge_completed_at = timezone.now()
    order.charge_successful = isinstance(answer, Charge)
    order.charge_id = answer.charge_id if isinstance(answer, Charge) else None
    order.charge_decline_reason = answer.explanation if isinstance(answer, Decline) else None
    order.save(
        update_fields=["charge_completed_at", "charge_successful", "charge_id", "charge_decline_reason"],
    )


def _find_email(order: Order) -> str | None:
    """Return the id of a confirmation that was sent although its answer never arrived here."""
    sent = EmailClient().search(order.email, CONFIRMATION_TEMPLATE)
    return next((email.email_id for email in sent if email.template_data.get("order_id") == order.pk), None)


def _send_email(order: Order) -> str:
    return EmailClient().send(
        order.email,
        CONFIRMATION_TEMPLATE,
        {"order_id": order.pk, "subject": "Your order has been received"},
    )


def _request_fulfillment(order: Order) -> str:
    return FulfillmentClient().request_fulfillment(
        order.customer_id,
        order.address,
        order.product_id,
        order.quantity,
        metadata={"order_id": order.pk, "idempotency_key": f"idempotency_key-order-{order.pk}"},
    )
