"""The shop whose jobs get into trouble."""

from django.apps import AppConfig


class SightsConfig(AppConfig):
    name = "tests.sights"
    label = "shopjobs"
