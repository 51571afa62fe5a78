"""The error catcher: takes note of exceptions for somebody to look at."""

from django.http import HttpRequest, JsonResponse
from django.urls import path

from fake_services.body import is_blank
from fake_services.endpoint import Endpoint, Records, Status
from fake_services.models import Notification
from fake_services.service import Service


class Notify(Endpoint):
    """Take note of an exception."""

    def put(self, request: HttpRequest, service: Service) -> JsonResponse:
        """Store the exception.

        Neither its class nor its message may be blank: who reads it must see what went wrong.
        """
        if any(is_blank(self.body.get(f"exception_{name}")) for name in ("class", "message")):
            return JsonResponse({"error": "exception class or message is missing"}, status=422)
        notification = Notification.store(self.body)
        return JsonResponse({"notification_id": notification.external_id}, status=202)


ERROR_CATCHER = Service(
    slug="error-catcher",
    shop_name="error-catcher",
    title="Error Catcher",
    heading="Mock Error Catcher",
    company="Mitt & Daughters",
    record=Notification,
    endpoints=(
        path("status", Status.as_view()),
        path("notification", Notify.as_view()),
        path("notifications", Records.as_view()),
    ),
)
