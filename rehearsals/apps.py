"""The Django wiring of the rehearsals."""

from django.apps import AppConfig


class RehearsalsConfig(AppConfig):
    """Name the rehearsals for Django."""

    name = "rehearsals"
    verbose_name = "Rehearsals"
