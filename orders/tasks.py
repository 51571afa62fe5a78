"""The shop's tasks: functions in the way of `django.tasks`, which run as jobs.

A task suits what is one function, and whose result somebody asks for. What has several steps, hooks
or a schedule is a job class, see `jobs`.
"""

from jobs.contrib.django_tasks import task
from orders.models import Order
from orders.templatetags.money import money


@task(max_retries=3)
def write_receipt(order_id: int) -> str:
    """Return the receipt of an order that is paid, as text.

    Raise Order.DoesNotExist while it is not.
    """
    paid = Order.objects.filter(charge_successful=True).select_related("product")
    order = paid.get(pk=order_id)
    lines = [
        f"Receipt for order {order.pk}",
        f"{order.quantity} x {order.product.name}: {money(order.total_cents)}",
        f"Charge {order.charge_id}",
    ]
    return "\n".join(lines)
