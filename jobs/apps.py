"""Django's entry: find the job classes of all apps, and add the system checks."""

from django.apps import AppConfig
from django.core import checks
from django.utils.module_loading import autodiscover_modules

from jobs.checks import check_settings


class JobsConfig(AppConfig):
    """The app `jobs`."""

    name = "jobs"
    verbose_name = "Jobs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the `jobs` module of every app, so that the registry knows every job class."""
        autodiscover_modules("jobs")
        checks.register(check_settings, "jobs")
