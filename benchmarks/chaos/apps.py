"""The app of the chaos drill."""

from django.apps import AppConfig


class ChaosConfig(AppConfig):
    """Gives the jobs their label."""

    name = "benchmarks.chaos"
    label = "chaos"
