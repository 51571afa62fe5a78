"""Transient errors: what a retry will mend is wrapped in one class.

So error catchers can ignore that class and no other. These are transient:

- connection errors and timeouts, also those of well-known HTTP libraries
- a lock or limit that is held, a queue that is full
- HTTP answers 429 and 5xx, told by the error's `status_code`, its `response.status_code`, or `code`
- what a job class lists in `transient_errors`

Other 4xx are not: the request is wrong and stays wrong. Subclasses count.
"""

import sys
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from jobs.errors import LimitExceeded, QueueFull, StoreUnavailable, TransientError
from jobs.middleware.base import Middleware
from jobs.options import Option

if TYPE_CHECKING:
    from jobs.job import Job

_ALWAYS = (ConnectionError, TimeoutError, StoreUnavailable, LimitExceeded, QueueFull)
#: Looked up only where the project has imported the library: nobody else can have raised one.
_OF_LIBRARIES = (
    ("requests.exceptions", ("ConnectionError", "Timeout", "ChunkedEncodingError")),
    ("httpx", ("TransportError",)),
    ("aiohttp", ("ClientConnectionError",)),
    ("urllib3.exceptions", ("TimeoutError", "NewConnectionError", "ProtocolError")),
)


def _is_error_tuple(value: object) -> bool:
    return isinstance(value, tuple) and all(
        isinstance(kind, type) and issubclass(kind, Exception) for kind in value
    )


class TransientErrorsMiddleware(Middleware):
    """Understands `transient_errors`: a tuple of exception classes that add to those known here."""

    options: ClassVar = MappingProxyType(
        {"transient_errors": Option(_is_error_tuple, "a tuple of exception classes")}
    )

    def failed(self, job: "Job", error: BaseException) -> BaseException | None:
        """Return what is transient as a TransientError."""
        # Asked of its type: `isinstance` asks the object too, which may be the project's.
        if not (
            issubclass(type(error), Exception)
            and is_transient(error, job.option("transient_errors", ()))
        ):
            return None
        wrapped = TransientError(str(error))
        wrapped.__cause__ = error
        return wrapped


def is_transient(error: BaseException, more: tuple[type[Exception], ...] = ()) -> bool:
    """Tell whether a retry is likely to mend an error.

    `more` are classes that count as well.
    """
    if isinstance(error, more):
        return True
    status = _status_of(error)
    if status is not None:
        return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, _ALWAYS) or any(isinstance(error, kind) for kind in _known_kinds())


def _status_of(error: BaseException) -> int | None:
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
    return [
        kind
        for module, names in loaded
        if module
        for name in names
        if (kind := getattr(module, name, None))
    ]
