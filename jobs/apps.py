"""Django's entry: find the job classes of all apps, and add the system checks.

Features add theirs when they are imported.
"""

from contextlib import suppress

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.utils.module_loading import autodiscover_modules, import_string
from django.utils.translation import gettext_lazy as _

from jobs import log  # noqa: F401  # importing it turns the log on
from jobs.checks import check_settings, check_time_limits
from jobs.connection_checks import check_pools, check_servers
from jobs.errors import ConfigurationError
from jobs.features import outbox, signing
from jobs.job import decide_options


class MakeItSoConfig(AppConfig):
    """The app `jobs`.

    A project may name it in full, so that another package `jobs` is not taken for it.
    """

    name = "jobs"
    verbose_name = _("Jobs")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the `jobs` module of every app.

        After that the registry knows every job class.
        """
        autodiscover_modules("jobs")
        _import_task_backends()
        with suppress(ConfigurationError):  # the checks say what is wrong in JOBS
            decide_options()
            outbox.prepare()
            signing.prepare()
        checks.register(check_settings, "jobs")
        checks.register(check_time_limits, "jobs")
        checks.register(check_pools, "jobs")
        checks.register(check_servers, checks.Tags.database)


def _import_task_backends() -> None:
    """Import the backends of TASKS.

    One that runs tasks as jobs knows classes by more names, and may have something to do in each
    process. What cannot be imported is told by the checks of Django.
    """
    for params in getattr(settings, "TASKS", {}).values():
        try:
            backend = import_string(params["BACKEND"])
        except (ImportError, KeyError, TypeError):
            continue
        prepare = getattr(backend, "prepare_process", None)
        if prepare is not None:
            prepare()
