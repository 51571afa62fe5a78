"""Tests of the command that fills queues and charts."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from jobs.testing import assert_enqueued, assert_nothing_enqueued, enqueued_jobs
from orders.jobs import CompleteOrderJob, NapJob
from orders.models import Order, Product
from tests.orders.factories import CustomerFactory

pytestmark = pytest.mark.django_db


def load(**options: float) -> str:
    output = StringIO()
    call_command("load_jobs", stdout=output, **{"pause": 0, "nap": 0, **options})
    return output.getvalue()


def test_orders_are_placed_and_each_is_enqueued_beside_a_nap():
    CustomerFactory.create()

    output = load(products=2, orders=5)

    assert Product.objects.count() == 2
    orders = [[pk] for pk in Order.objects.order_by("pk").values_list("pk", flat=True)]
    assert [payload.args for payload in enqueued_jobs(CompleteOrderJob)] == orders
    assert_enqueued(NapJob, args=[0.0], count=5)
    assert "5 of 5 orders placed." in output


def test_progress_is_told_now_and_then(monkeypatch):
    monkeypatch.setattr("orders.management.commands.load_jobs.STEP", 2)
    CustomerFactory.create()

    output = load(products=1, orders=5)

    assert output.splitlines() == [f"{number} of 5 orders placed." for number in (2, 4, 5)]


def test_pauses_and_naps_are_at_most_as_long_as_told(monkeypatch):
    pauses: list[float] = []
    monkeypatch.setattr("orders.management.commands.load_jobs.time.sleep", pauses.append)
    CustomerFactory.create()

    load(products=1, orders=20, pause=0.5, nap=0.25)

    assert len(pauses) == 20
    assert all(0 <= pause <= 0.5 for pause in pauses)
    assert all(0 <= payload.args[0] <= 0.25 for payload in enqueued_jobs(NapJob))


def test_second_load_sets_the_same_products_to_the_same_stock():
    CustomerFactory.create()
    load(products=2, orders=3)

    load(products=2, orders=3)

    assert list(Product.objects.values_list("quantity_remaining", flat=True)) == [3, 3]
    assert Order.objects.count() == 6


def test_nap_is_a_sleep(monkeypatch):
    naps: list[float] = []
    monkeypatch.setattr("orders.jobs.time.sleep", naps.append)

    NapJob.perform_now(0.5)

    assert naps == [0.5]


@pytest.mark.parametrize("options", [{"products": 0}, {"orders": -1}, {"pause": -1}, {"nap": -1}])
def test_impossible_numbers_are_refused(options):
    CustomerFactory.create()

    with pytest.raises(CommandError, match="At least one product"):
        load(**options)

    assert_nothing_enqueued()


def test_shop_without_its_customer_is_told_what_to_do():
    with pytest.raises(CommandError, match="load_sample_data"):
        load()
