"""The configured middleware in order: the first in the list is the outermost. Used by `enqueue` and the worker."""

import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from jobs.conf import get_settings
from jobs.errors import ConfigurationError
from jobs.middleware.base import Middleware
from jobs.options import Option
from jobs.payload import Payload

if TYPE_CHECKING:
    from jobs.job import Job


class MiddlewareChain:
    """An ordered list of middleware, asked only where one overrides a point."""

    def __init__(self, middleware: Sequence[Middleware]) -> None:
        """Sort out who overrides what, once."""
        self.options: dict[str, Option] = {name: rule for m in middleware for name, rule in m.options.items()}
        self._context = [m for m in middleware if type(m).context is not Middleware.context]
        self._client = [m for m in middleware if type(m).enqueue is not Middleware.enqueue]
        self._server = [m for m in reversed(middleware) if type(m).perform is not Middleware.perform]
        self._async_server = [m for m in reversed(middleware) if type(m).aperform is not Middleware.aperform]

    def context(self) -> dict[str, Any]:
        """Return what of the caller's context travels with the jobs of one call."""
        return {name: value for m in self._context for name, value in m.context().items()}

    def enqueue(self, payload: Payload) -> Payload | None:
        """Pass a payload through the client side; None when one of them vetoes."""
        for middleware in self._client:
            changed = middleware.enqueue(payload)
            if changed is None:
                return None
            payload = changed
        return payload

    def perform(self, job: "Job", perform: Callable[[], Any]) -> Any:
        """Run a job's `perform` inside the server side."""
        for middleware in self._server:
            perform = functools.partial(middleware.perform, job, perform)
        return perform()

    async def aperform(self, job: "Job", perform: Callable[[], Awaitable[Any]]) -> Any:
        """Run a job's `async def perform` inside the server side."""
        for middleware in self._async_server:
            perform = functools.partial(middleware.aperform, job, perform)
        return await perform()


def declared_options() -> Mapping[str, Option]:
    """Return the options of job classes that the configured middleware understands."""
    return get_chain().options


@functools.cache
def get_chain() -> MiddlewareChain:
    """Return the chain of the project's settings. Raise ConfigurationError when one cannot be imported."""
    return MiddlewareChain([_load(path) for path in get_settings().middleware])


def _load(path: str) -> Middleware:
    try:
        loaded = import_string(path)
    except ImportError as error:
        raise ConfigurationError(f"JOBS['MIDDLEWARE'] names {path}, which cannot be imported: {error}") from error
    if not (isinstance(loaded, type) and issubclass(loaded, Middleware)):
        raise ConfigurationError(f"JOBS['MIDDLEWARE'] names {path}, which is no subclass of jobs.Middleware.")
    return loaded()


def _forget(*, setting: str, **_: object) -> None:
    if setting == "JOBS":
        get_chain.cache_clear()


setting_changed.connect(_forget, dispatch_uid="jobs.middleware.chain")
