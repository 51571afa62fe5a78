"""Calls the error and death handlers of the settings. One that raises is logged and harms nobody."""

import functools
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from jobs.conf import get_settings
from jobs.errors import ConfigurationError
from jobs.events import emit

if TYPE_CHECKING:
    from jobs.job import Job

ErrorHandler = Callable[[BaseException, dict[str, Any]], object]
DeathHandler = Callable[["Job", BaseException], object]


def handle_error(error: BaseException, context: dict[str, Any]) -> None:
    """Tell every error handler of a failure.

    `context` names the job (class, id, queue, attempt, outcome, args and kwargs without secrets) or what was done.
    """
    for handler in _load(get_settings().error_handlers):
        call_safely(handler, error, context)


def handle_death(job: "Job", error: BaseException) -> None:
    """Tell every death handler of a job that will not be tried again."""
    for handler in _load(get_settings().death_handlers):
        call_safely(handler, job, error)


def check_handlers() -> None:
    """Raise ConfigurationError when a handler of the settings cannot be imported."""
    _load(get_settings().error_handlers)
    _load(get_settings().death_handlers)


def call_safely(function: Callable[..., object], *args: Any) -> None:
    """Call code that is not ours; log what it raises."""
    try:
        function(*args)
    except Exception as error:  # noqa: BLE001  # it must not harm the job, whatever it is
        name = getattr(function, "__qualname__", repr(function))
        emit(logging.ERROR, "handler.failed", {"handler": name, "error": repr(error)}, error)


@functools.cache
def _load(paths: tuple[str, ...]) -> list[Callable[..., object]]:
    return [_load_one(path) for path in paths]


def _load_one(path: str) -> Callable[..., object]:
    try:
        handler: object = import_string(path)
    except ImportError as error:
        raise ConfigurationError(f"JOBS names the handler {path}, which cannot be imported: {error}") from error
    if not callable(handler):
        raise ConfigurationError(f"JOBS names the handler {path}, which cannot be called.")
    return handler


def _forget(*, setting: str, **_: object) -> None:
    if setting == "JOBS":
        _load.cache_clear()


setting_changed.connect(_forget, dispatch_uid="jobs.handlers")
