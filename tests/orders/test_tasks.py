"""The receipt of an order, written by a task."""

import pytest

from jobs.contrib.django_tasks.versions import TaskResultStatus
from jobs.testing import drain
from orders.models import Order
from orders.tasks import write_receipt
from tests.orders.factories import OrderFactory, ProductFactory

pytestmark = pytest.mark.django_db


def test_receipt_of_a_paid_order_is_the_result():
    coil = ProductFactory.create(name="Coil", price_cents=123_45)
    paid = OrderFactory.create(
        product=coil, quantity=2, charge_successful=True, charge_id="charge_1"
    )

    result = write_receipt.enqueue(paid.pk)
    waiting = write_receipt.get_result(result.id)
    drain()
    result.refresh()

    assert waiting.status == TaskResultStatus.READY
    assert result.return_value == f"Receipt for order {paid.pk}\n2 x Coil: $246.90\nCharge charge_1"


def test_order_that_is_not_paid_has_no_receipt():
    result = write_receipt.enqueue(OrderFactory.create().pk)

    with pytest.raises(Order.DoesNotExist):
        drain(retries=True)
    result.refresh()

    assert result.status == TaskResultStatus.FAILED
    assert result.errors[-1].exception_class_path == "orders.models.order.Order.DoesNotExist"
    assert len(result.errors) == 4
