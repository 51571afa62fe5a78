"""Context: what of the caller's surroundings travels with the job.

That is the language, the time zone and the context variables that the project lists.
They are stored at enqueue, where they differ from the project's defaults, and restored
before the run. The chain gives each run a copy of the context to itself, so that
nothing it sets can reach the next job of the thread.
"""

import contextvars
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.module_loading import import_string
from django.utils.translation import trans_real

from jobs.arguments import check_arguments
from jobs.conf import get_settings, until_settings_change
from jobs.errors import ConfigurationError
from jobs.middleware.base import Middleware

if TYPE_CHECKING:
    from jobs.job import Job


def _is_unset(module: object) -> bool:
    """Return whether it is sure that nothing was activated here.

    To ask Django for what nobody has activated takes 3 µs, most of it for an exception.
    Where Django keeps it is looked up each time: `override_settings(LANGUAGE_CODE=...)`
    and the development server put another storage there.
    """
    try:
        variable = module._active._storage._data  # type: ignore[attr-defined]  # noqa: SLF001
    except AttributeError:
        return False
    return type(variable) is contextvars.ContextVar and variable.get(None) is None


class ContextMiddleware(Middleware):
    """Carries the caller's context.

    `JOBS["CONTEXT"]` lists import paths of ContextVars whose values are JSON.
    """

    def context(self) -> Mapping[str, Any]:
        """Note what differs from the defaults.

        Raise InvalidArguments when a variable holds what is not JSON.
        """
        found: dict[str, Any] = {}
        if not _is_unset(trans_real):
            language = translation.get_language()
            if language and language != settings.LANGUAGE_CODE:
                found["language"] = language
        if not _is_unset(timezone) and _has_zone():
            zone = timezone.get_current_timezone_name()
            found |= {"time_zone": zone} if zone != settings.TIME_ZONE else {}
        if variables := _variables(get_settings().context):
            values = {
                path: value for path, v in variables.items() if (value := v.get(None)) is not None
            }
            check_arguments("The context of a job", (), values)
            found |= {"variables": values} if values else {}
        return found

    def before(self, job: "Job") -> None:
        """Restore what travelled with the job.

        Each run has a context of its own, which ends with it.
        """
        if job.context:
            _restore(job.context)


def _has_zone() -> bool:
    """Return whether the time zone may be another than the default."""
    return timezone.get_current_timezone() is not timezone.get_default_timezone()


def _restore(context: Mapping[str, Any]) -> None:
    if language := context.get("language"):
        translation.activate(language)
    if zone := context.get("time_zone"):
        timezone.activate(zone)
    variables = _variables(get_settings().context)
    for path, value in context.get("variables", {}).items():
        if path in variables:
            variables[path].set(value)


@until_settings_change
@functools.cache
def _variables(paths: tuple[str, ...]) -> dict[str, contextvars.ContextVar[Any]]:
    return {path: _load(path) for path in paths}


def _load(path: str) -> contextvars.ContextVar[Any]:
    try:
        variable = import_string(path)
    except ImportError as error:
        raise ConfigurationError(
            f"JOBS['CONTEXT'] names {path}, which cannot be imported: {error}"
        ) from error
    if not isinstance(variable, contextvars.ContextVar):
        raise ConfigurationError(
            f"JOBS['CONTEXT'] names {path}, which is no contextvars.ContextVar."
        )
    return variable
