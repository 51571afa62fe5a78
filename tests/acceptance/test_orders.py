"""The shop under fire does nothing twice.

Services crash before and after their work, and workers are killed.
"""

import os
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connections

from fake_services.models import Behavior, Charge, Email, FulfillmentRequest
from orders.models import Order
from orders.naive import NaiveCompleteOrderJob
from orders.order_creator import create_order
from tests.databases import database_environment
from tests.orders.factories import CustomerFactory, OrderFactory, ProductFactory
from tests.orders.service_urls import service_urls
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "fake_services"]),
]

SERVICES = ("payments", "email", "fulfillment")
QUEUES = ("high", "default")
ORDERS, DECLINED = 200, 20
KILLS = 6


@pytest.fixture
def start_shop(start, live_server) -> Callable:
    """Return a function that starts the shop's worker.

    The worker calls the services of the test's own server.
    """

    def run():
        environment = {**database_environment(), **service_urls(live_server.url)}
        queues = [option for queue in QUEUES for option in ("-q", queue)]
        return start(*queues, "-c", "5", DJANGO_SETTINGS_MODULE="config.settings", **environment)

    return run


@pytest.fixture
def stock():
    """Return a product that nobody can pay and one that everybody can."""
    CustomerFactory()
    declined = ProductFactory(priced_for_decline=True, quantity_remaining=1000)
    return declined, ProductFactory(quantity_remaining=1000)


def place_orders(stock, number: int, place: Callable[[Order], object]) -> None:
    declined, paid = stock
    for n in range(number):
        place(
            OrderFactory.build(
                product=declined if n < DECLINED else paid, customer=CustomerFactory(), quantity=1
            )
        )


def misbehave(chance: random.Random) -> None:
    """Have one of the services crash on its next requests.

    It crashes on one to three requests, before its work or after it.
    """
    wishes = {
        "crash": True,
        "when": chance.choice(["before", "after"]),
        "what": chance.choice(["writes", "everything"]),
        "remaining_requests": chance.randint(1, 3),
    }
    Behavior.objects.update_or_create(service=chance.choice(SERVICES), defaults=wishes)


def retry_at_once(store) -> None:
    """Do what an operator can do.

    Run again what waits for its retry, or was given up.
    """
    for queue in QUEUES:
        for place in ("retry", "dead"):
            ids = [
                raw.decode()
                for raw in store.client.zrange(getattr(store.keys(queue), place), 0, -1)
            ]
            if ids:
                store.sets.move(queue, place, "ready", ids)


def is_quiet(store) -> bool:
    return not any(store.client.hlen(store.keys(queue).payloads) for queue in QUEUES)


def run_until_done(store, runner, chance: random.Random, rounds: int, kills: int = 0) -> None:
    """Make trouble for some rounds, then let the rest go through."""
    kill_at = set(chance.sample(range(5, rounds), kills))
    deadline = time.monotonic() + 120
    for number in range(1_000_000):
        if number < rounds:
            misbehave(chance)
        elif is_quiet(store):
            break
        if number in kill_at:
            wait_until(runner.children)
            os.kill(runner.children()[-1], signal.SIGKILL)
        retry_at_once(store)
        assert time.monotonic() < deadline, f"jobs are left: {runner.log[-3000:]}"
        time.sleep(0.05)
    Behavior.objects.all().delete()


def counted(records) -> Counter:
    """Return how often a service did something for each order."""
    return Counter(
        (record.request.get("metadata") or record.request.get("template_data"))["order_id"]
        for record in records
    )


def test_each_order_is_charged_mailed_and_fulfilled_once(start_shop, stock, store, assert_sound):
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  # shown when the test fails
    place_orders(stock, ORDERS, create_order)

    runner = start_shop()
    run_until_done(store, runner, random.Random(seed), rounds=120, kills=KILLS)

    assert len(re.findall(r"worker.ended .*killed by SIGKILL", runner.log)) == KILLS
    paid = dict.fromkeys(Order.objects.filter(product=stock[1]).values_list("pk", flat=True), 1)
    assert len(paid) == ORDERS - DECLINED
    assert counted(Charge.objects.filter(is_declined=False)) == paid
    assert counted(Email.objects.all()) == paid
    assert counted(FulfillmentRequest.objects.all()) == paid
    assert_every_order_shows_it(stock)
    assert_sound(store, *QUEUES)


def assert_every_order_shows_it(stock) -> None:
    for product in stock:
        product.refresh_from_db()
    assert [product.quantity_remaining for product in stock] == [1000, 1000 - (ORDERS - DECLINED)]
    for order in Order.objects.select_related("product"):
        shown = [order.charge_id, order.email_id, order.fulfillment_request_id]
        is_declined = order.product == stock[0]
        assert order.charge_successful is not is_declined
        assert all(shown) is not is_declined
        assert any(shown) is not is_declined


def test_the_naive_chain_charges_twice(start_shop, stock, store):
    """So that the test above could see it."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  # shown when the test fails

    def place(order: Order) -> None:
        order.save()
        NaiveCompleteOrderJob.enqueue(order.pk)

    place_orders(stock, DECLINED + 20, place)

    run_until_done(store, start_shop(), random.Random(seed), rounds=60)

    assert max(counted(Charge.objects.filter(is_declined=False)).values()) > 1


@pytest.fixture(autouse=True)
def closed_connections():
    """Let the databases be flushed: nothing of a killed worker may hold them."""
    yield
    connections.close_all()
