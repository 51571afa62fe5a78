"""The shop's pages.

A view reads the request and picks a template. What happens to an order is in `order_creator`.
"""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from orders.forms import OrderForm
from orders.models import Customer, Order
from orders.order_creator import create_order
from orders.recent_look import recent_services
from orders.service_status import check_services
from orders.visitor import keep_order, sees_everything, visible_orders

#: How many orders the home page lists.
LISTED_ORDERS = 50


@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """List the newest orders and show how the services are.

    `?open=` and `?updated_service=` name one of the services.
    """
    orders = visible_orders(request)
    shows_details = sees_everything(request)
    context = {
        "orders": orders.order_by("-pk")[:LISTED_ORDERS],
        "order_count": orders.count(),
        "services": check_services() if shows_details else recent_services(),
        "shows_details": shows_details,
        "open_service": request.GET.get("open"),
        "updated_service": request.GET.get("updated_service"),
    }
    return render(request, "orders/home.html", context)


@require_safe
def new_order(request: HttpRequest) -> HttpResponse:
    """Show the empty order form."""
    return render(request, "orders/new.html", {"form": OrderForm()})


@require_http_methods(["GET", "HEAD", "POST"])
def place_order(request: HttpRequest) -> HttpResponse:
    """Place an order and go to its page, or show the form again.

    A GET comes from a reload and goes home.
    """
    if request.method != "POST":
        return redirect("orders:home")
    form = OrderForm(request.POST, instance=Order(customer=Customer.objects.current()))
    order = _place(request, form)
    return (
        redirect(order) if order else render(request, "orders/new.html", {"form": form}, status=422)
    )


@require_safe
@never_cache
def show_order(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one order."""
    return render(request, "orders/order.html", {"order": _find(request, pk)})


@require_safe
@never_cache
def order_status(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the part of an order's page that changes by itself, for its script."""
    return render(request, "orders/_operational_info.html", {"order": _find(request, pk)})


def _find(request: HttpRequest, pk: int) -> Order:
    return get_object_or_404(visible_orders(request), pk=pk)


def _place(request: HttpRequest, form: OrderForm) -> Order | None:
    """Create the order of a valid form.

    If it was not created the form knows why not.
    """
    if not form.is_valid():
        return None
    order: Order = form.save(commit=False)
    try:
        create_order(order)
    except ValidationError as error:  # the stock went between the form's look at it and ours
        form.add_error(None, error)
        return None
    keep_order(request, order)
    return order
