"""The money of an order, and the stock that goes with it.

`order_creator` has it charge, and has it write the answer down. `charge` calls a service and must
stay outside of transactions. `record` belongs inside one.
"""

import logging

from django.utils import timezone

from orders.models import Order, Payment, PaymentState, Product
from orders.services.payments import Charge, Decline, PaymentsClient

logger = logging.getLogger(__name__)

#: What `record` writes into an order.
COLUMNS = (
    "charge_completed_at",
    "charge_successful",
    "charge_id",
    "charge_decline_reason",
    "shortage",
)


def charge(order: Order) -> Charge | Decline:
    """Ask for the money.

    It is safe to call again, however an earlier call ended. The payment is committed as started
    before the service is called. Whoever finds it so cannot know whether the money was taken, and
    need not: the same key and amount go out again, and the service answers with the charge it made
    then.
    """
    payment = Payment.objects.start(order)
    return PaymentsClient().charge(
        order.customer.payments_customer_id,
        order.customer.payments_payment_method_id,
        payment.amount_cents,
        metadata={"order_id": order.pk, "idempotency_key": payment.idempotency_key},
    )


def record(order: Order, answer: Charge | Decline) -> None:
    """Write the answer to payment, order and stock, unless that was done before.

    It writes in the transaction of the caller. The row lock lets one worker in at a time, and the
    state of the payment sends the second away.
    """
    payment = Payment.objects.select_for_update().get(order=order)
    if payment.state != PaymentState.STARTED:
        order.refresh_from_db(fields=COLUMNS)
        return
    is_charged = isinstance(answer, Charge)
    payment.state = PaymentState.CHARGED if is_charged else PaymentState.DECLINED
    payment.save(update_fields=["state"])
    order.charge_completed_at = timezone.now()
    order.charge_successful = is_charged
    order.charge_id = answer.charge_id if isinstance(answer, Charge) else None
    order.charge_decline_reason = answer.explanation if isinstance(answer, Decline) else None
    order.shortage = _take_from_stock(order) if is_charged else 0
    order.save(update_fields=COLUMNS)


def _take_from_stock(order: Order) -> int:
    """Take what was bought out of the stock, and return how many are missing.

    It never takes more than is there. An order reserves nothing, so others may have bought the last
    ones before its charge came through. The money is taken by then: the order goes on, and its
    shortage is kept for a person to see to. A shop would reserve the goods when the order is
    placed, or offer the customer to wait or to have the money back.
    """
    product = Product.objects.select_for_update().get(pk=order.product_id)
    taken = min(order.quantity, product.quantity_remaining)
    product.quantity_remaining -= taken
    product.save(update_fields=["quantity_remaining"])
    shortage = order.quantity - taken
    if shortage:
        logger.warning("order.short order=%s product=%s missing=%s", order.pk, product.pk, shortage)
    return shortage
