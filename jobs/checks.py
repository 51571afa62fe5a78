"""System checks: they find what is wrong in the `JOBS` setting.

They need no Redis.
"""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Info

from jobs.conf import get_settings, problems
from jobs.errors import ConfigurationError
from jobs.handlers import check_handlers
from jobs.middleware.chain import get_chain
from jobs.queue_access import limits_queues
from jobs.redis_url import hide_password, url_problem
from jobs.registry import registry

_HINT = "See the table of settings in the documentation of django-makeitso."
_URL_HINT = "Correct JOBS['REDIS_URL'], or the environment variable that it comes from."


def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return an error for everything that is wrong in the setting.

    jobs.E001 is a wrong key or value, E002 something that cannot be imported, E003 a missing
    variable, and E004 a URL of Redis that cannot be used.
    """
    found = problems(getattr(settings, "JOBS", {}))
    if found:
        return [Error(problem, hint=_HINT, id="jobs.E001") for problem in found]
    try:
        url = get_settings().redis_url
    except ConfigurationError as error:
        return [
            Error(
                str(error), hint="Set the variable, or unset JOBS_REDIS_PROVIDER.", id="jobs.E003"
            )
        ]
    if problem := url_problem(url):
        text = f"The Redis URL {hide_password(url)!r} cannot be used: {problem}."
        return [Error(text, hint=_URL_HINT, id="jobs.E004")]
    try:
        get_chain()
        check_handlers()
        limits_queues()
    except ConfigurationError as error:
        return [Error(str(error), hint="Correct the import path in JOBS.", id="jobs.E002")]
    return []


def check_time_limits(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return a note on time limits that a stop cuts short.

    jobs.I001: a deploy interrupts them, and they begin again.
    """
    try:
        timeout = get_settings().timeout
    except ConfigurationError:  # `check_settings` tells it
        return []
    names = [name for name in registry.names() if _limit_seconds(name) > timeout]
    if not names:
        return []
    text = (
        f"These job classes may run for longer than a stop waits, JOBS['TIMEOUT'] = {timeout:g} s: "
        f"{', '.join(names)}. A deploy interrupts them, and they begin again."
    )
    hint = "Let them look at self.stopping and go on where they were, or raise JOBS['TIMEOUT']."
    return [Info(text, hint=hint, id="jobs.I001")]


def _limit_seconds(name: str) -> float:
    limit = registry.find(name).options.time_limit
    return 0.0 if limit is None else limit.total_seconds()
