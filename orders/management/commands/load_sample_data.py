"""`manage.py load_sample_data`: what the shop needs to be tried out.

`bin/setup` runs it. It may run any time again.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from orders.models import Customer, Product

CUSTOMER_EMAIL = "pat@example.com"
#: Name, quantity in stock, price in cents.
PRODUCTS = (
    ("Flux Capacitor", 100, 123_00),
    ("Self-sealing Stembolt", 4, 5_678_00),
    ("Graviton Emitter", 32, 765_99),
    ("Thopter Cleaning Fluid", 1_000, 12_44),
)


class Command(BaseCommand):
    """Add a customer, products and, in development, somebody who may enter the admin."""

    help = (
        "Add a customer and four products; in development also an administrator "
        "if there is no user yet."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Add what is missing. Leave alone what is there, whatever became of it."""
        self._add_customer()
        for name, quantity_remaining, price_cents in PRODUCTS:
            Product.objects.get_or_create(
                name__iexact=name,
                defaults={
                    "name": name,
                    "quantity_remaining": quantity_remaining,
                    "price_cents": price_cents,
                },
            )
        self.stdout.write(f"The shop has {Product.objects.count()} products.")
        if settings.DEBUG and not get_user_model().objects.exists():
            self._add_administrator()

    def _add_customer(self) -> None:
        customer, _ = Customer.objects.get_or_create(
            email__iexact=CUSTOMER_EMAIL,
            defaults={
                "email": CUSTOMER_EMAIL,
                "payments_customer_id": "cust_7c1f09a2b3d4e5f6",
                "payments_payment_method_id": "pm_0a1b2c3d4e5f6a7b",
            },
        )
        self.stdout.write(f"The customer is {customer.email}.")

    def _add_administrator(self) -> None:
        get_user_model().objects.create_superuser("admin", "admin@example.com", "admin")
        self.stdout.write(
            "Sign in to /admin/ as admin with the password admin (in development only)."
        )
