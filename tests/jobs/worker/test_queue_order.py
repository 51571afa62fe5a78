"""The order of queues: how it is written, and what it does."""

import random
from collections import Counter

import pytest

from jobs.errors import ConfigurationError
from jobs.worker.queue_order import QueueOrder


@pytest.mark.parametrize(
    "text", ["", "a b", ",5", "high,", "high,0", "high,-1", "high,x", "high,1.5", "high,5,5", "a\n"]
)
def test_text_that_is_no_queue_is_refused_by_name(text):
    with pytest.raises(
        ConfigurationError, match="is no queue: write NAME or NAME,WEIGHT"
    ) as refused:
        QueueOrder.parse([text])

    assert repr(text) in str(refused.value)


def test_queue_named_twice_is_refused():
    with pytest.raises(ConfigurationError, match=r"named twice: high, low, high\."):
        QueueOrder.parse(["high", "low", "high"])


def test_weight_for_some_queues_only_is_refused():
    with pytest.raises(ConfigurationError, match="every queue a weight, or none"):
        QueueOrder.parse(["high,5", "low"])


def test_without_weights_the_order_is_as_written():
    order = QueueOrder.parse(["high", "default", "low"])

    assert [list(order.next()) for _ in range(20)] == [["high", "default", "low"]] * 20


def test_weights_say_how_often_a_queue_comes_first():
    order = QueueOrder.parse(["high,6", "default,3", "low,1"])
    draw = random.Random(7)

    firsts = Counter(next(order.next(draw)) for _ in range(10_000))

    assert firsts["high"] == pytest.approx(6000, abs=200)
    assert firsts["default"] == pytest.approx(3000, abs=200)
    assert firsts["low"] == pytest.approx(1000, abs=150)


def test_weighted_turn_yields_every_queue_once():
    order = QueueOrder.parse(["high,6", "default,3", "low,1"])

    assert all(
        sorted(order.next(random.Random(seed))) == ["default", "high", "low"] for seed in range(50)
    )
