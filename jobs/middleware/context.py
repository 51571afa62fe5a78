"""Context: the language, the time zone and listed context variables of the caller travel with the job.

They are stored at enqueue, where they differ from the project's defaults, and restored around the run. Each run has a
copy of the context to itself, so that nothing it sets can reach the next job of the thread.
"""

import contextvars
import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.signals import setting_changed
from django.utils import timezone, translation
from django.utils.module_loading import import_string

from jobs.arguments import check_arguments
from jobs.conf import get_settings
from jobs.errors import ConfigurationError
from jobs.middleware.base import Middleware

if TYPE_CHECKING:
    from jobs.job import Job


class ContextMiddleware(Middleware):
    """Carries the caller's context. `JOBS["CONTEXT"]` lists import paths of ContextVars whose values are JSON."""

    def context(self) -> Mapping[str, Any]:
        """Note what differs from the defaults. Raise InvalidArguments when a variable holds what is not JSON."""
        found: dict[str, Any] = {}
        language = translation.get_language()
        if language and language != settings.LANGUAGE_CODE:
            found["language"] = language
        zone = timezone.get_current_timezone_name()
        if zone != settings.TIME_ZONE:
            found["time_zone"] = zone
        if variables := _variables(get_settings().context):
            values = {path: value for path, v in variables.items() if (value := v.get(None)) is not None}
            check_arguments("The context of a job", (), values)
            found |= {"variables": values} if values else {}
        return found

    def perform(self, job: "Job", call_next: Callable[[], Any]) -> Any:
        """Run the job in a context of its own."""
        return contextvars.copy_context().run(_within, job.context, call_next)

    async def aperform(self, job: "Job", call_next: Callable[[], Awaitable[Any]]) -> Any:
        """Run the job in the context of its task, which is its own already."""
        if job.context:
            _restore(job.context)
        return await call_next()


def _within(context: Mapping[str, Any], call_next: Callable[[], Any]) -> Any:
    if context:
        _restore(context)
    return call_next()


def _restore(context: Mapping[str, Any]) -> None:
    if language := context.get("language"):
        translation.activate(language)
    if zone := context.get("time_zone"):
        timezone.activate(zone)
    variables = _variables(get_settings().context)
    for path, value in context.get("variables", {}).items():
        if path in variables:
            variables[path].set(value)


@functools.cache
def _variables(paths: tuple[str, ...]) -> dict[str, contextvars.ContextVar[Any]]:
    return {path: _load(path) for path in paths}


def _load(path: str) -> contextvars.ContextVar[Any]:
    try:
        variable = import_string(path)
    except ImportError as error:
        raise ConfigurationError(f"JOBS['CONTEXT'] names {path}, which cannot be imported: {error}") from error
    if not isinstance(variable, contextvars.ContextVar):
        raise ConfigurationError(f"JOBS['CONTEXT'] names {path}, which is no contextvars.ContextVar.")
    return variable


def _forget(*, setting: str, **_: object) -> None:
    if setting == "JOBS":
        _variables.cache_clear()


setting_changed.connect(_forget, dispatch_uid="jobs.middleware.context")
