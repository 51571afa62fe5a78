"""Orders wait for their worker, for a while, and are taken once."""

from jobs.store.orders import VALID_FOR, Orders
from tests.jobs.inspect.filling import WORKER, beat


def test_orders_are_taken_once_and_in_their_order(store):
    orders = Orders(store)
    beat(store)

    assert orders.give(WORKER, "cancel a")
    assert orders.give(WORKER, "quiet")

    assert orders.take(WORKER) == ["cancel a", "quiet"]
    assert orders.take(WORKER) == []


def test_orders_are_for_one_worker(store):
    orders = Orders(store)
    orders.give("one", "quiet")

    assert orders.take("two") == []


def test_who_gives_no_sign_of_life_is_told_and_the_order_does_not_stay_for_ever(store):
    assert not Orders(store).give("gone", "stop")
    assert 0 < store.client.ttl(store.shared.orders("gone")) <= VALID_FOR
