"""The client of the error catcher, which tells people about errors.

Errors that will heal can be ignored by class.
"""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils import timezone

from orders.services.http import ServiceClient

#: How long a report may take: whoever makes it has something better to do.
TIMEOUT_SECONDS = 3.0
#: The most of a message, and the last of a backtrace, that is reported. Characters.
LONGEST_TEXT = 10_000


@dataclass(frozen=True, slots=True)
class Notified:
    """The error catcher has it."""

    notification_id: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nobody was told, on purpose."""


@dataclass(frozen=True)
class ErrorCatcherClient(ServiceClient):
    """Tell the error catcher about errors.

    Those of the ignored classes and their subclasses are not told.
    """

    name: ClassVar[str] = "error-catcher"
    url_setting: ClassVar[str] = "ERROR_CATCHER_API_URL"

    ignored_errors: tuple[type[BaseException], ...] = ()

    def notify(
        self, error: BaseException | str, context: Mapping[str, Any] | None = None
    ) -> Notified | Ignored:
        """Report an exception, or a sentence as if it had been raised."""
        report = self.describe(error, context)
        return Ignored() if report is None else self.send(report)

    def describe(
        self, error: BaseException | str, context: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """Return the report of an error as the service takes it.

        None for one that is ignored. Message and backtrace are cut to a length that a job can
        carry. It says when that was, since a report may come late.
        """
        raised = RuntimeError(error) if isinstance(error, str) else error
        if isinstance(raised, self.ignored_errors):
            return None
        message = str(raised) or type(raised).__qualname__
        return {
            "exception_class": type(raised).__qualname__,
            "exception_message": message[:LONGEST_TEXT],
            "backtrace": "".join(traceback.format_exception(raised))[-LONGEST_TEXT:].splitlines(),
            "metadata": dict(context or {}),
            "occurred_at": timezone.now().isoformat(timespec="seconds"),
        }

    def send(self, report: Mapping[str, Any]) -> Notified:
        """Send a report that was described before."""
        body = self.request(
            "PUT", "/notification", json=dict(report), timeout_seconds=TIMEOUT_SECONDS
        )
        return Notified(body["notification_id"])

    def clear_notifications(self) -> None:
        """Make the error catcher forget every notification."""
        self.clear("/notifications")
