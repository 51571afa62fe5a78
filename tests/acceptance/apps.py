"""The app of the acceptance tests."""

from importlib import import_module
from pathlib import Path

from django.apps import AppConfig


class AcceptanceConfig(AppConfig):
    """Gives the jobs their label."""

    name = "tests.acceptance"
    label = "acceptance"
    # Another checkout may be installed, and have a folder of this name.
    path = str(Path(__file__).parent)

    def ready(self) -> None:
        """Define the other jobs too."""
        import_module("tests.acceptance.forking_jobs")
        import_module("tests.acceptance.limited_jobs")
