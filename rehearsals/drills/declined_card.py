"""The drill about an answer that one does not like.

That is no failure: nothing is retried, nothing follows.
"""

from orders.models import Order, OrderState
from orders.services.email import EmailClient
from orders.services.fulfillment import FulfillmentClient
from rehearsals.drill import Button, Check, Drill, Run
from rehearsals.evidence import Evidence
from rehearsals.practice_orders import DECLINED, place_order


def _place() -> Run:
    return Run({"order": place_order(DECLINED).pk})


def _prove(run: Run, evidence: Evidence) -> list[Check]:
    order = Order.objects.filter(pk=run.facts["order"]).first()
    if order is None:
        return [Check("The order", "deleted", holds=False)]
    is_declined = order.state == OrderState.DECLINED
    said = order.charge_decline_reason or "no answer yet"
    followed = [
        evidence.rows_of_order(client, order.pk) for client in (EmailClient(), FulfillmentClient())
    ]
    texts = ["no answer" if number is None else str(number) for number in followed]
    return [
        Check(
            f"What the payment service said about order {order.pk}",
            said,
            is_declined,
            url=order.get_absolute_url(),
        ),
        Check("E-mails about it", texts[0], is_declined and followed[0] == 0),
        Check("Fulfillment requests for it", texts[1], is_declined and followed[1] == 0),
    ]


DECLINED_CARD = Drill(
    slug="declined-card",
    title="Declined card",
    lesson=(
        "A refusal is a result and no error: it is kept, it is shown, and nothing is tried again."
    ),
    buttons=(Button("start", "Place an order that is declined", _place),),
    prove=_prove,
)
