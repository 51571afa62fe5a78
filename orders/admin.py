"""The shop in Django's admin."""

from typing import ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from orders.models import Customer, DayFigures, Order, Payment, Product
from orders.numbers import WAITS_FOR, orders_by_day, stuck
from orders.stuck import STUCK_AFTER, stuck_orders
from orders.templatetags.money import money


@admin.register(Customer)
class CustomerAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Look after customers."""

    list_display = ("email", "payments_customer_id", "payments_payment_method_id")
    search_fields = ("email", "payments_customer_id", "payments_payment_method_id")
    ordering = ("email",)


class StockFilter(admin.SimpleListFilter):
    """Tell products that can be bought from those that are sold out."""

    title = "stock"
    parameter_name = "stock"

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[Product]"
    ) -> list[tuple[str, str]]:
        """Return the choices."""
        return [("available", "Available"), ("sold-out", "Sold out")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        """Keep what the choice names."""
        match self.value():
            case "available":
                return queryset.filter(quantity_remaining__gt=0)
            case "sold-out":
                return queryset.filter(quantity_remaining=0)
        return queryset


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Look after products, their stock and their prices."""

    list_display = ("name", "price", "quantity_remaining", "sold")
    list_filter = (StockFilter,)
    search_fields = ("name",)
    ordering = ("name",)

    @admin.display(description="price", ordering="price_cents")
    def price(self, product: Product) -> str:
        """Write the price in dollars."""
        return money(product.price_cents)

    @admin.display(description="sold", ordering="sold")
    def sold(self, product: Product) -> int:
        """Write how many were paid for."""
        return int(product.sold)  # type: ignore[attr-defined]  # `with_sold` adds it

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        """Return the products with what the list shows."""
        return Product.objects.with_sold()


class StuckFilter(admin.SimpleListFilter):
    """Find orders that have waited too long for a step."""

    title = "stuck"
    parameter_name = "stuck"

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[Order]"
    ) -> list[tuple[str, str]]:
        """Return the steps."""
        return [(name, f"Waits for {step}") for name, step in WAITS_FOR.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """Keep what waits for the step."""
        stuck = stuck_orders(timezone.now() - STUCK_AFTER).get(self.value() or "")
        return queryset if stuck is None else queryset.filter(pk__in=stuck.values("pk"))


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Look at orders.

    Nobody adds one here: an order is placed in the shop, which also starts its jobs.
    """

    list_display = ("id", "product", "quantity", "email", "state", "created_at")
    list_filter = (StuckFilter, "charge_successful", "created_at", "product")
    list_select_related = ("product",)
    search_fields = (
        "=id",
        "email",
        "product__name",
        "charge_id",
        "email_id",
        "fulfillment_request_id",
    )
    date_hierarchy = "created_at"
    ordering = ("-id",)
    readonly_fields: ClassVar = [
        "created_at",
        "charge_completed_at",
        "charge_successful",
        "charge_decline_reason",
        "charge_id",
        "email_id",
        "fulfillment_request_id",
        "shortage",
        "reconciled_at",
        "job",
    ]

    def get_urls(self) -> list[URLPattern]:
        """Add the page with the numbers."""
        page = self.admin_site.admin_view(self.show_numbers)
        return [path("numbers/", page, name="orders_order_numbers"), *super().get_urls()]

    def show_numbers(self, request: HttpRequest) -> HttpResponse:
        """Show how the shop is doing."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        days = orders_by_day()
        context = {
            **self.admin_site.each_context(request),
            "title": "How the shop is doing",
            "days": days,
            "most": max(1, *(day.placed for day in days)),
            "stuck": stuck(),
        }
        return render(request, "admin/orders/order/numbers.html", context)

    @admin.display(description="state")
    def state(self, order: Order) -> str:
        """Write where the order stands."""
        return order.state.label

    @admin.display(description="job at work")
    def job(self, order: Order) -> str:
        """Link to the job that is to bring the order forward."""
        if not order.job_id or order.is_finished:
            return "–"
        url = reverse("admin:jobs_job", args=[order.job_id])
        return format_html('<a href="{}">{}</a>', url, order.job_id)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow nobody to add an order that no job would complete."""
        return False


@admin.register(DayFigures)
class DayFiguresAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Look at the figures of past days, and change none.

    `closing` writes them at night.
    """

    list_display = ("day", "placed", "charged", "declined", "closed_at")
    date_hierarchy = "day"
    ordering = ("-day",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow nobody to make up figures."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: DayFigures | None = None) -> bool:
        """Allow nobody to change figures."""
        return False


@admin.register(Payment)
class PaymentAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Look at payments, and change none.

    `cashier` writes them together with their orders.
    """

    list_display = ("idempotency_key", "order", "amount", "state", "started_at")
    list_filter = ("state",)
    list_select_related = ("order",)
    search_fields = ("idempotency_key",)
    ordering = ("-id",)

    @admin.display(description="amount", ordering="amount_cents")
    def amount(self, payment: Payment) -> str:
        """Write the amount in dollars."""
        return money(payment.amount_cents)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow nobody to start a payment past the cashier."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Payment | None = None) -> bool:
        """Allow nobody to say that money was taken."""
        return False
