"""The drills about orders.

Each throws the right switch, places the right orders, and counts at the right service.
"""

import pytest

from fake_services.models import Behavior, Charge, Email
from jobs.testing import drain
from orders.jobs import NaiveCompleteOrderJob
from orders.models import Order, Product
from orders.order_creator import complete_order
from orders.services.http import ServerError
from rehearsals.practice_orders import DECLINED, place_order
from tests.rehearsals.pressing import card_of, enqueued, press, proof_of, put_back

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)

#: The service that is in trouble, and when it crashes.
SWITCHES = {
    "double-charge": ("email", "before"),
    "double-email": ("email", "after"),
    "fulfillment-key": ("fulfillment", "after"),
}


@pytest.mark.parametrize(("drill", "switch"), SWITCHES.items())
def test_service_is_switched_and_two_orders_are_placed(client, services, customer, drill, switch):
    press(client, drill)

    behavior = Behavior.objects.get()
    assert (behavior.service, behavior.when) == switch
    assert (behavior.crash, behavior.what, behavior.remaining_requests) == (True, "writes", 2)
    assert enqueued() == ["orders.NaiveCompleteOrderJob", "orders.CompleteOrderJob"]
    run = card_of(client, drill)["run"]
    assert list(Order.objects.order_by("pk").values_list("pk", flat=True)) == [
        run.facts["naive"],
        run.facts["careful"],
    ]


@pytest.mark.parametrize("drill", SWITCHES)
def test_service_behaves_again_when_the_drill_is_put_back(client, services, customer, drill):
    press(client, drill)

    put_back(client, drill)

    assert not Behavior.objects.get().crash


@pytest.mark.parametrize("drill", SWITCHES)
def test_naive_order_shows_the_harm_and_the_careful_one_does_not(client, services, customer, drill):
    press(client, drill)
    naive = Order.objects.get(pk=card_of(client, drill)["run"].facts["naive"])
    with pytest.raises(ServerError):
        NaiveCompleteOrderJob().perform(naive.pk)
    put_back_switch_only()

    drain()

    twice, once = proof_of(client, drill)
    assert (twice.found[:2], twice.mark) == ("2 ", "bad")
    assert (once.found[:2], once.mark) == ("1 ", "good")


def put_back_switch_only() -> None:
    Behavior.objects.update(crash=False)


def test_charge_of_another_order_whose_number_begins_alike_is_not_counted(
    client, services, customer
):
    press(client, "double-charge")
    naive = card_of(client, "double-charge")["run"].facts["naive"]
    Charge.store({"metadata": {"order_id": int(f"{naive}0")}})

    assert proof_of(client, "double-charge")[0].found == "0 charges, in progress"


def test_orders_that_were_deleted_meanwhile_do_not_break_the_page(client, services, customer):
    press(client, "double-charge")
    press(client, "declined-card")
    Order.objects.all().delete()

    assert [check.found for check in proof_of(client, "double-charge")] == ["deleted"]
    assert [check.found for check in proof_of(client, "declined-card")] == ["deleted"]


def test_declined_order_is_proved_when_nothing_follows(client, services, customer):
    press(client, "declined-card")
    assert not card_of(client, "declined-card")["is_proved"]

    drain()

    assert card_of(client, "declined-card")["is_proved"]
    assert proof_of(client, "declined-card")[0].found == "Insufficient funds"


def test_declined_order_that_is_mailed_is_not_proved(client, services, customer):
    press(client, "declined-card")
    order = Order.objects.get()
    complete_order(order)
    Email.send({"to": order.email, "template_id": "x", "template_data": {"order_id": order.pk}})

    assert not card_of(client, "declined-card")["is_proved"]


def test_practice_product_never_runs_out(customer):
    place_order(DECLINED)
    Product.objects.update(quantity_remaining=0)

    place_order(DECLINED)

    assert Product.objects.get().quantity_remaining == 1_000
