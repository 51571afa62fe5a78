"""The e-mail service: it sends every time it is asked, but can be searched.

It knows no idempotency keys. When it crashes the e-mail is sent and the answer is lost. Searches go
on working, unless they are switched otherwise.
"""

from django.http import HttpRequest, JsonResponse
from django.urls import path

from fake_services.body import is_blank
from fake_services.endpoint import Endpoint, Records, Status
from fake_services.models import Email
from fake_services.models.behavior import What, When
from fake_services.service import Service


class SendEmail(Endpoint):
    """Send an e-mail."""

    def post(self, request: HttpRequest, service: Service) -> JsonResponse:
        """Queue the e-mail, or name the first value that is missing."""
        for required in ("to", "template_id"):
            if is_blank(self.body.get(required)):
                return JsonResponse(
                    {"status": "not-queued", "errorMessage": f"{required} required"}, status=422
                )
        email = Email.send(self.body)
        return JsonResponse({"status": "queued", "email_id": email.external_id}, status=202)


class Emails(Records):
    """Hold the e-mails sent."""

    def get(self, request: HttpRequest, service: Service) -> JsonResponse:
        """Return those with exactly the given `email` and `template_id`, oldest first."""
        found = Email.sent(request.GET.get("email", ""), request.GET.get("template_id", ""))
        return JsonResponse([email.as_json() for email in found], safe=False)


EMAIL = Service(
    slug="email",
    shop_name="email",
    title="Email",
    heading="Email",
    company="Pigeon Post",
    record=Email,
    endpoints=(
        path("status", Status.as_view()),
        path("send", SendEmail.as_view()),
        path("emails", Emails.as_view()),
    ),
    default_when=When.AFTER,
    default_what=What.WRITES,
)
