"""Calls the error and death handlers of the settings.

These are two listeners. A handler that raises is logged and harms nobody.
"""

import functools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

from jobs.conf import get_settings, until_settings_change
from jobs.errors import ConfigurationError
from jobs.events import HandlerFailed, JobDying, JobFailing, emit, subscribe
from jobs.events.job_events import job_fields
from jobs.redaction import redacted_arguments
from jobs.text import shown_error

if TYPE_CHECKING:
    from jobs.job import Job


@subscribe(JobFailing, at_once=True)
def hear_failing(event: JobFailing) -> None:
    """Tell the error handlers of a run that failed, before it is recorded."""
    payload = event.payload
    args, kwargs = redacted_arguments(payload, event.job.parameter_names(), get_settings().redact)
    # The attempt that failed, not the next.
    names = {**job_fields(payload), "attempt": payload.failures}
    handle_error(
        event.error, {**names, "outcome": event.ending.event, "args": args, "kwargs": kwargs}
    )


@subscribe(JobDying, at_once=True)
def hear_dying(event: JobDying) -> None:
    """Tell the death handlers of a job that will not be tried again.

    They hear of it before that is recorded.
    """
    handle_death(event.job, event.error)


def handle_error(error: BaseException, context: dict[str, Any]) -> None:
    """Tell every error handler of a failure.

    `context` names the job, or what was done. It has class, id, queue, attempt and outcome of the
    job, and its args and kwargs without secrets.
    """
    for handler in _load(get_settings().error_handlers):
        call_safely(handler, error, context)


def handle_death(job: "Job", error: BaseException) -> None:
    """Tell every death handler of a job that will not be tried again."""
    for handler in _load(get_settings().death_handlers):
        call_safely(handler, job, error)


def tell(handler: str, error: BaseException, context: dict[str, Any]) -> None:
    """Call one error handler by its import path, and raise what it raises."""
    [function] = _load((handler,))
    function(error, context)


def check_handlers() -> None:
    """Raise ConfigurationError when a handler of the settings cannot be imported."""
    _load(get_settings().error_handlers)
    _load(get_settings().death_handlers)


def call_safely(function: Callable[..., object], *args: Any) -> None:
    """Call code that is not ours, and log what it raises.

    In a thread of a worker nothing gets through, not even an exit. In the main thread Ctrl-C does.
    """
    try:
        function(*args)
    except BaseException as error:
        if (
            not isinstance(error, Exception)
            and threading.current_thread() is threading.main_thread()
        ):
            raise
        name = getattr(function, "__qualname__", None) or shown_error(function)
        emit(HandlerFailed(name, shown_error(error), raised=error))


@until_settings_change
@functools.cache
def _load(paths: tuple[str, ...]) -> list[Callable[..., object]]:
    return [load_function(path) for path in paths]


def load_function(path: str) -> Callable[..., object]:
    """Return what a setting names, or raise ConfigurationError for what cannot be called."""
    try:
        handler: object = import_string(path)
    except ImportError as error:
        raise ConfigurationError(
            f"JOBS names the function {path}, which cannot be imported: {error}"
        ) from error
    if not callable(handler):
        raise ConfigurationError(f"JOBS names the function {path}, which cannot be called.")
    return handler
