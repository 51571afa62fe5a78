"""The crash review of an order.

Whatever dies, and whenever, each order ends with one charge, one e-mail, one delivery.

A worker stands behind these tests in a few lines: what failed or died goes back and runs again
under the same id, and reconciliation starts what was lost on its way to Redis.
"""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from fake_services.models import Behavior, Charge, Email, FulfillmentRequest
from jobs import Snooze
from jobs.payload import Payload
from jobs.run import run_payload
from jobs.testing import clear, enqueued_jobs
from orders.jobs import CompleteOrderJob, RequestOrderFulfillmentJob, SendOrderNotificationEmailJob
from orders.models import Order, OrderState, Product
from orders.naive import NaiveCompleteOrderJob
from orders.order_creator import create_order
from orders.reconciliation import reconcile_orders
from orders.services.http import ServerError, ServiceUnavailable, Throttled
from orders.shop_job import ShopJob
from tests.orders.dying import Died, Mortal
from tests.orders.factories import CustomerFactory, OrderFactory, ProductFactory

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)

STOCK = 10
STEPS = [CompleteOrderJob, SendOrderNotificationEmailJob, RequestOrderFulfillmentJob]
#: More would be a chain that never ends.
MOST_RUNS = 50


@dataclass(frozen=True)
class Effects:
    """What the world has seen of an order."""

    charges: int
    emails: int
    deliveries: int
    taken_from_stock: int

    @classmethod
    def of(cls, order: Order) -> "Effects":
        return cls(
            Charge.objects.filter(request__metadata__order_id=order.pk, is_declined=False).count(),
            Email.objects.filter(request__template_data__order_id=order.pk).count(),
            FulfillmentRequest.objects.filter(request__metadata__order_id=order.pk).count(),
            STOCK - Product.objects.get(pk=order.product_id).quantity_remaining,
        )


ONCE = Effects(charges=1, emails=1, deliveries=1, taken_from_stock=1)
NOTHING = Effects(charges=0, emails=0, deliveries=0, taken_from_stock=0)


def place_order(mortal: Mortal, **traits: object) -> Order:
    product = ProductFactory.create(quantity_remaining=STOCK, **traits)
    order = OrderFactory.build(product=product, customer=CustomerFactory.create())
    with mortal.living():
        try:
            create_order(order)
        except Died:
            order = Order.objects.filter(product=product).first() or order
    return order


def work(mortal: Mortal) -> None:
    """Run what is enqueued, and what comes of it, until nothing is left."""
    waiting: list[Payload] = []
    for _ in range(MOST_RUNS):
        waiting += enqueued_jobs()
        clear()
        if not waiting:
            return
        with mortal.living():
            try:
                run_payload(waiting[0])
            except (Died, ServiceUnavailable, ServerError, Throttled, Snooze):
                continue
        waiting.pop(0)
    raise AssertionError("The chain never ends.")


def run_to_the_end(mortal: Mortal, **traits: object) -> Order:
    order = place_order(mortal, **traits)
    if not enqueued_jobs():
        reconcile_orders(timedelta(0))
    work(mortal)
    assert reconcile_orders(timedelta(0)).count == 0
    # A rollback leaves the key of a row that is gone.
    return Order.objects.filter(pk=order.pk).first() or Order(product=order.product)


def count_moments(**traits: object) -> int:
    mortal = Mortal()
    run_to_the_end(mortal, **traits)
    return mortal.moments


def test_process_may_die_around_any_call_and_any_commit(services):
    moments = count_moments()
    # Placing, paying (3), confirming (4), fulfilling (2), before and after each but for the last.
    assert moments >= 18

    ends = {at: run_to_the_end(Mortal(at)) for at in range(1, moments + 1)}

    assert not ends[1].pk  # it died before the order was saved
    placed = [order for at, order in ends.items() if at > 1]
    assert {
        at: Effects.of(ends[at]) for at in ends if at > 1 and Effects.of(ends[at]) != ONCE
    } == {}
    assert {order.state for order in placed} == {OrderState.COMPLETE}


def test_process_may_die_anywhere_while_a_card_is_declined(services):
    moments = count_moments(priced_for_decline=True)

    ends = [run_to_the_end(Mortal(at), priced_for_decline=True) for at in range(2, moments + 1)]

    assert {Effects.of(order) for order in ends} == {NOTHING}
    assert {order.state for order in ends} == {OrderState.DECLINED}


@pytest.mark.parametrize("requests", [1, 2, 3])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("service", ["payments", "email", "fulfillment"])
def test_service_may_crash_before_or_after_its_work(services, service, when, requests):
    Behavior.objects.create(service=service, crash=True, when=when, remaining_requests=requests)

    order = run_to_the_end(Mortal())

    assert Behavior.objects.get().remaining_requests == 0
    assert Effects.of(order) == ONCE
    assert order.state == OrderState.COMPLETE


@pytest.mark.parametrize("first", STEPS)
def test_all_steps_again_from_any_of_them_change_nothing(services, first: type[ShopJob]):
    order = run_to_the_end(Mortal())
    before = Order.objects.values().get(pk=order.pk)

    first.enqueue(order.pk)
    work(Mortal())

    assert Effects.of(order) == ONCE
    assert Order.objects.values().get(pk=order.pk) == before


@pytest.mark.parametrize(("service", "charges", "emails"), [("email", 2, 2), ("fulfillment", 2, 2)])
def test_naive_job_charges_twice_when_a_later_service_crashes(services, service, charges, emails):
    Behavior.objects.create(service=service, crash=True, when="after", remaining_requests=1)
    order = OrderFactory.create()

    NaiveCompleteOrderJob.enqueue(order.pk)
    work(Mortal())

    effects = Effects.of(order)
    assert (effects.charges, effects.emails) == (charges, emails)


def test_naive_job_charges_twice_wherever_it_dies_after_the_charge(services):
    orders = OrderFactory.create_batch(6, product__quantity_remaining=STOCK)

    for at, order in enumerate(orders, 1):
        NaiveCompleteOrderJob.enqueue(order.pk)
        work(Mortal(at))

    assert [Effects.of(order).charges for order in orders] == [1, 2, 2, 2, 2, 2]
