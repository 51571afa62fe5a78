"""How not to do it: all three services in one job.

None of them is asked in a way that can be repeated. Kept for the rehearsals and for the test that
must see double charges. Nothing enqueues it unless somebody asks for it.
"""

from django.utils import timezone

from orders.confirmation import CONFIRMATION_TEMPLATE, SUBJECT
from orders.models import Order
from orders.services.email import EmailClient
from orders.services.fulfillment import FulfillmentClient
from orders.services.payments import Charge, PaymentsClient
from orders.shop_job import ShopJob


class NaiveCompleteOrderJob(ShopJob):
    """Charge, confirm and fulfill in one go.

    A failure anywhere repeats everything before it, the charge too.
    """

    queue = "high"

    def perform(self, order_id: int) -> None:
        """Do it all, without looking at what an earlier attempt has done."""
        order = Order.objects.get(pk=order_id)
        answer = PaymentsClient().charge(
            order.customer.payments_customer_id,
            order.customer.payments_payment_method_id,
            order.total_cents,
            metadata={"order_id": order.pk},
        )
        order.charge_completed_at = timezone.now()
        if isinstance(answer, Charge):
            order.charge_successful = True
            order.charge_id = answer.charge_id
            order.email_id = EmailClient().send(
                order.email, CONFIRMATION_TEMPLATE, {"order_id": order.pk, "subject": SUBJECT}
            )
            order.fulfillment_request_id = FulfillmentClient().request_fulfillment(
                order.customer_id,
                order.address,
                order.product_id,
                order.quantity,
                metadata={"order_id": order.pk},
            )
        else:
            order.charge_decline_reason = answer.explanation
        order.save()
