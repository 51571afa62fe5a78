"""Three drills about doing things twice.

Each puts a naive and a careful order through the same trouble, side by side. The naive one is
completed by `NaiveCompleteOrderJob`, the careful one by the shop's own chain of jobs.
"""

from functools import partial

from orders.models import Order
from orders.services.email import EmailClient
from orders.services.fulfillment import FulfillmentClient
from orders.services.http import ServiceClient
from orders.services.payments import PaymentsClient
from rehearsals.drill import Button, Check, Drill, Run
from rehearsals.evidence import Evidence
from rehearsals.practice_orders import place_naive_order, place_order
from rehearsals.switches import behave, misbehave

#: One request of each order meets the trouble.
ORDERS = 2


def _place_both(client: ServiceClient, when: str) -> Run:
    """Have the service fail once for each of two orders, then place them."""
    misbehave(client, crash=True, when=when, what="writes", remaining_requests=ORDERS)
    return Run({"naive": place_naive_order().pk, "careful": place_order().pk})


def _prove(client: ServiceClient, noun: str, run: Run, evidence: Evidence) -> list[Check]:
    """Return what the service did for the naive order, then for the careful one."""
    naive, careful = (
        Order.objects.filter(pk=run.facts[kind]).first() for kind in ("naive", "careful")
    )
    if naive is None or careful is None:
        return [Check("The two orders", "deleted", holds=False)]
    twice, once = (evidence.rows_of_order(client, order.pk) for order in (naive, careful))
    return [
        Check(
            f"Naive order {naive.pk}",
            _found(naive, twice, noun),
            twice is not None and twice > 1,
            is_harm=True,
            url=naive.get_absolute_url(),
        ),
        Check(
            f"Careful order {careful.pk}",
            _found(careful, once, noun),
            careful.is_finished and once == 1,
            url=careful.get_absolute_url(),
        ),
    ]


def _found(order: Order, number: int | None, noun: str) -> str:
    if number is None:
        return "no answer"
    state = "" if order.is_finished else ", in progress"
    return f"{number} {noun}{'' if number == 1 else 's'}{state}"


DOUBLE_CHARGE = Drill(
    slug="double-charge",
    title="Double charge",
    lesson="A job that does several things does the first of them again when a later one fails.",
    buttons=(Button("start", "Place both orders", partial(_place_both, EmailClient(), "before")),),
    prove=partial(_prove, PaymentsClient(), "charge"),
    put_back=partial(behave, EmailClient()),
)
DOUBLE_EMAIL = Drill(
    slug="double-email",
    title="Double e-mail, and its cure",
    lesson=(
        "An error does not mean that nothing was done; so ask what was done before you do it again."
    ),
    buttons=(Button("start", "Place both orders", partial(_place_both, EmailClient(), "after")),),
    prove=partial(_prove, EmailClient(), "e-mail"),
    put_back=partial(behave, EmailClient()),
)
FULFILLMENT_KEY = Drill(
    slug="fulfillment-key",
    title="Fulfillment key",
    lesson=(
        "Where the other side knows an idempotency key, "
        "sending it makes asking twice the same as asking once."
    ),
    buttons=(
        Button("start", "Place both orders", partial(_place_both, FulfillmentClient(), "after")),
    ),
    prove=partial(_prove, FulfillmentClient(), "request"),
    put_back=partial(behave, FulfillmentClient()),
)
