"""The Django wiring of the shop."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Name the shop for Django."""

    name = "orders"
    verbose_name = "Shop"
