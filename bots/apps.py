"""The Django wiring of the bots."""

from django.apps import AppConfig


class BotsConfig(AppConfig):
    """Name the bots for Django."""

    name = "bots"
    verbose_name = "Bots"
