"""Transient errors: what a retry will mend is wrapped, so that error catchers can ignore one class and only that.

Transient are connection errors and timeouts, also those of well-known HTTP libraries; HTTP answers 429 and 5xx, told by
the error's `status_code`, its `response.status_code`, or `code`; and what a job class lists in `transient_errors`.
Other 4xx are not: the request is wrong and stays wrong. Subclasses count.
"""

import sys
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from jobs.errors import LimitExceeded, StoreUnavailable, TransientError
from jobs.middleware.base import Middleware
from jobs.options import Option

if TYPE_CHECKING:
    from jobs.job import Job

_ALWAYS = (ConnectionError, TimeoutError, StoreUnavailable, LimitExceeded)
#: Looked up only where the project has imported the library: nobody else can have raised one.
_OF_LIBRARIES = (
    ("requests.exceptions", ("ConnectionError", "Timeout", "ChunkedEncodingError")),
    ("httpx", ("TransportError",)),
    ("aiohttp", ("ClientConnectionError",)),
    ("urllib3.exceptions", ("TimeoutError", "NewConnectionError", "ProtocolError")),
)


def _is_error_tuple(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(kind, type) and issubclass(kind, Exception) for kind in value)


class TransientErrorsMiddleware(Middleware):
    """Understands `transient_errors`: a tuple of exception classes that add to those known here."""

    options: ClassVar = MappingProxyType({"transient_errors": Option(_is_error_tuple, "a tuple of exception classes")})

    def perform(self, job: "Job", call_next: Callable[[], Any]) -> Any:
        """Run the job; raise what is transient as a TransientError."""
        try:
            return call_next()
        except Exception as error:
            if is_transient(error, job.option("transient_errors", ())):
                raise TransientError(str(error)) from error
            raise

    async def aperform(self, job: "Job", call_next: Callable[[], Awaitable[Any]]) -> Any:
        """Run the job; raise what is transient as a TransientError."""
        try:
            return await call_next()
        except Exception as error:
            if is_transient(error, job.option("transient_errors", ())):
                raise TransientError(str(error)) from error
            raise


def is_transient(error: Exception, more: tuple[type[Exception], ...] = ()) -> bool:
    """Tell whether a retry is likely to mend an error; `more` are classes that count as well."""
    if isinstance(error, more):
        return True
    status = _status_of(error)
    if status is not None:
        return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, _ALWAYS) or any(isinstance(error, kind) for kind in _known_kinds())


def _status_of(error: Exception) -> int | None:
    response = getattr(error, "response", None)
    for status in (
        getattr(error, "status_code", None),
        getattr(response, "status_code", None),
        getattr(error, "code", None),
    ):
        if isinstance(status, int) and 400 <= status < 600:
            return status
    return None


def _known_kinds() -> list[type[Exception]]:
    loaded = ((sys.modules.get(module), names) for module, names in _OF_LIBRARIES)
    return [kind for module, names in loaded if module for name in names if (kind := getattr(module, name, None))]
