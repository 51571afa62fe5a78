"""The configured middleware in order: the first in the list is the outermost.

`enqueue` and the worker use it.
"""

import contextvars
import functools
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

from jobs.conf import get_settings, until_settings_change
from jobs.errors import ConfigurationError, InvalidPayload
from jobs.middleware.base import Middleware
from jobs.middleware.points import POINTS, Points, overrides
from jobs.options import Option
from jobs.payload import Payload, payload_problem

if TYPE_CHECKING:
    from jobs.job import Job

#: What JOBS["COUNT_QUERIES"] adds. It is imported only then.
_COUNTING = "jobs.middleware.queries.CountQueriesMiddleware"


class MiddlewareChain:
    """An ordered list of middleware, asked only where one overrides a point."""

    def __init__(self, middleware: Sequence[Middleware]) -> None:
        """Find out once who overrides what."""
        self.options: dict[str, Option] = {
            name: rule for m in middleware for name, rule in m.options.items()
        }
        self._context = [m for m in middleware if overrides(m, "context")]
        self._client = [m for m in middleware if overrides(m, "enqueue")]
        #: Whether any of them looks at payloads before they are enqueued.
        self.has_client_side = bool(self._client)
        self.has_context = bool(self._context)
        self._outermost, *within = [
            step.perform for step in reversed(_steps(middleware, "perform") or [Points(())])
        ]
        self._within = within[::-1]
        self._async_server = [step.aperform for step in _steps(middleware, "aperform")]

    def context(self) -> dict[str, Any]:
        """Return what of the caller's context travels with the jobs of one call."""
        found: dict[str, Any] = {}
        for middleware in self._context:
            found.update(middleware.context())
        return found

    def enqueue(self, payload: Payload) -> Payload | None:
        """Pass a payload through the client side, and return what comes of it.

        That is None when a middleware vetoes. Raise InvalidPayload, with the name of the
        middleware, for what cannot be a job.
        """
        for middleware in self._client:
            changed = middleware.enqueue(payload)
            if changed is None:
                return None
            if problem := payload_problem(changed):
                raise InvalidPayload(
                    f"{type(middleware).__qualname__}.enqueue returned a payload "
                    f"that cannot be: {problem}."
                )
            payload = changed
        return payload

    def perform(self, job: "Job", perform: Callable[[], Any]) -> Any:
        """Run a job's `perform` inside the server side, in a context of its own."""
        for step in self._within:
            perform = functools.partial(step, job, perform)
        return contextvars.copy_context().run(self._outermost, job, perform)

    async def aperform(self, job: "Job", perform: Callable[[], Awaitable[Any]]) -> Any:
        """Run a job's `async def perform` inside the server side.

        Its task has a context of its own already.
        """
        for step in self._async_server:
            perform = functools.partial(step, job, perform)
        return await perform()


def _steps(middleware: Sequence[Middleware], wrapping: str) -> list[Middleware | Points]:
    """Return what runs around a job, the innermost first.

    That is the middleware that wraps it, and between that the middleware that only has points.
    """
    steps: list[Middleware | Points] = []
    for wraps, group in itertools.groupby(middleware, lambda m: overrides(m, wrapping)):
        members = list(group)
        for part in [[m] for m in members] if wraps else [members]:
            if any(overrides(m, point) for m in part for point in POINTS):
                steps.append(Points(part))
            if wraps:
                steps += part
    return steps[::-1]


def declared_options() -> Mapping[str, Option]:
    """Return the options of job classes that the configured middleware understands."""
    return get_chain().options


@until_settings_change
@functools.cache
def get_chain() -> MiddlewareChain:
    """Return the chain of the project's settings.

    Raise ConfigurationError when one cannot be imported.
    """
    settings = get_settings()
    paths = (_COUNTING, *settings.middleware) if settings.count_queries else settings.middleware
    return MiddlewareChain([_load(path) for path in paths])


def _load(path: str) -> Middleware:
    try:
        loaded = import_string(path)
    except ImportError as error:
        raise ConfigurationError(
            f"JOBS['MIDDLEWARE'] names {path}, which cannot be imported: {error}"
        ) from error
    if not (isinstance(loaded, type) and issubclass(loaded, Middleware)):
        raise ConfigurationError(
            f"JOBS['MIDDLEWARE'] names {path}, which is no subclass of jobs.Middleware."
        )
    return loaded()
