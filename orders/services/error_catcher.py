"""The client of the error catcher, which tells people about errors. Errors that will heal can be ignored by class."""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from orders.services.http import ServiceClient

#: How long a report may take: whoever makes it has something better to do.
TIMEOUT_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Notified:
    """The error catcher has it."""

    notification_id: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nobody was told, on purpose."""


@dataclass(frozen=True)
class ErrorCatcherClient(ServiceClient):
    """Tell the error catcher about errors, except those of the ignored classes and their subclasses."""

    name: ClassVar[str] = "error-catcher"
    url_setting: ClassVar[str] = "ERROR_CATCHER_API_URL"

    ignored_errors: tuple[type[BaseException], ...] = ()

    def notify(self, error: BaseException | str, context: Mapping[str, Any] | None = None) -> Notified | Ignored:
        """Report an exception, or a sentence as if it had been raised."""
        raised = RuntimeError(error) if isinstance(error, str) else error
        if isinstance(raised, self.ignored_errors):
            return Ignored()
        body = self.request(
            "PUT",
            "/notification",
            json={
                "exception_class": type(raised).__qualname__,
                "exception_message": str(raised) or type(raised).__qualname__,
                "backtrace": traceback.format_exception(raised),
                "metadata": dict(context or {}),
            },
            timeout_seconds=TIMEOUT_SECONDS,
        )
        return Notified(body["notification_id"])

    def clear_notifications(self) -> None:
        """Make the error catcher forget every notification."""
        self.clear("/notifications")
