"""The e-mail that confirms an order, sent once.

Its service knows no idempotency key. `order_creator` calls `confirm`.

Asking the service what it has sent covers every crash of ours. But two jobs that ask at the same
moment would both hear "nothing", so a job first claims the order. That only keeps others waiting:
the holder, run again after a crash, goes on at once, and a claim whose holder never comes back
lapses.

One thing stays uncovered: a service that sends after we stopped waiting for it. Its search knows
nothing before.
"""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from orders.models import Order
from orders.services.email import EmailClient

#: The template of the e-mail service that confirms an order.
CONFIRMATION_TEMPLATE = "order-confirmation"
SUBJECT = "Your order has been received"
#: How long a claim lasts; longer than a search and a sending take at their slowest.
CLAIM = timedelta(seconds=60)


class ConfirmationClaimed(Exception):
    """Another job is sending the confirmation at this moment.

    Look again when its claim has lapsed.
    """


def confirm(order: Order, claimant: str) -> str:
    """Return the id of the order's confirmation, sent now unless it was before.

    Raise `ConfirmationClaimed` while another job is sending it.
    """
    if not _claim(order, claimant):
        order.refresh_from_db(fields=["email_id"])
        if order.email_id:
            return order.email_id
        raise ConfirmationClaimed(f"Another job is confirming order {order.pk}.")
    try:
        return _find(order) or _send(order)
    except Exception:
        mine = Order.objects.filter(pk=order.pk, email_claimed_by=claimant)
        mine.update(email_claimed_by=None, email_claimed_at=None)
        raise


def _claim(order: Order, claimant: str) -> bool:
    """Claim an order that is unconfirmed.

    It takes one UPDATE, so that of many claims one succeeds.
    """
    now = timezone.now()
    is_free = (
        Q(email_claimed_by=None)
        | Q(email_claimed_by=claimant)
        | Q(email_claimed_at__lt=now - CLAIM)
    )
    unconfirmed = Order.objects.filter(is_free, pk=order.pk, email_id=None)
    return unconfirmed.update(email_claimed_by=claimant, email_claimed_at=now) == 1


def _find(order: Order) -> str | None:
    """Return the id of a confirmation whose answer never arrived here."""
    sent = EmailClient().search(order.email, CONFIRMATION_TEMPLATE)
    return next(
        (email.email_id for email in sent if email.template_data.get("order_id") == order.pk), None
    )


def _send(order: Order) -> str:
    return EmailClient().send(
        order.email,
        CONFIRMATION_TEMPLATE,
        {"order_id": order.pk, "subject": SUBJECT},
    )
