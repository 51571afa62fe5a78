"""The Django app of the fake services."""

from django.apps import AppConfig


class FakeServicesConfig(AppConfig):
    """Name the app and the type of its primary keys."""

    name = "fake_services"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Fake services"
