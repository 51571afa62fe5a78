"""The app of the acceptance tests."""

from django.apps import AppConfig


class AcceptanceConfig(AppConfig):
    """Gives the jobs their label."""

    name = "tests.acceptance"
    label = "acceptance"
