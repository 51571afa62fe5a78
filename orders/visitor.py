"""What a visitor of the shop may see.

Nobody signs in to the shop, so an order belongs to the browser that placed it. Staff see every
order. Where `DEMO_PAGES` names "status" everybody sees everything. The views ask.
"""

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest

from orders.models import Order

#: Where the session keeps the ids of the orders that were placed in it, the newest last.
KEY = "orders"
#: How many of them it keeps.
KEPT = 50


def sees_everything(request: HttpRequest) -> bool:
    """Tell whether all orders, and where the services are, may be shown."""
    return "status" in settings.DEMO_PAGES or bool(request.user.is_staff)


def visible_orders(request: HttpRequest) -> QuerySet[Order]:
    """Return the orders that may be shown, with their products."""
    orders = Order.objects.select_related("product")
    if sees_everything(request):
        return orders
    return orders.filter(pk__in=request.session.get(KEY, []))


def keep_order(request: HttpRequest, order: Order) -> None:
    """Note that an order was placed in this session."""
    request.session[KEY] = [*request.session.get(KEY, []), order.pk][-KEPT:]
