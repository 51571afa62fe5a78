"""System checks: what is wrong in the `JOBS` setting, before it hurts. Needs no Redis."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error

from jobs.conf import get_settings, problems
from jobs.errors import ConfigurationError
from jobs.handlers import check_handlers
from jobs.middleware.chain import get_chain

_HINT = "See the table of settings in the documentation of django-makeitso."


def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return jobs.E001 for each wrong key or value, E002 for what cannot be imported, E003 for a missing variable."""
    found = problems(getattr(settings, "JOBS", {}))
    if found:
        return [Error(problem, hint=_HINT, id="jobs.E001") for problem in found]
    try:
        get_settings()
    except ConfigurationError as error:
        return [Error(str(error), hint="Set the variable, or unset JOBS_REDIS_PROVIDER.", id="jobs.E003")]
    try:
        get_chain()
        check_handlers()
    except ConfigurationError as error:
        return [Error(str(error), hint="Correct the import path in JOBS.", id="jobs.E002")]
    return []
