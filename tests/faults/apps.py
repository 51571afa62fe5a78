"""The app of the fault drills."""

from pathlib import Path

from django.apps import AppConfig


class FaultsConfig(AppConfig):
    """Gives the jobs their label."""

    name = "tests.faults"
    label = "faults"
    # Of a package without __init__, two checkouts on the path would otherwise be one.
    path = str(Path(__file__).parent)
