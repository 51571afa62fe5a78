"""The client of the e-mail service.

`confirmation` sends with it, and asks it what was sent.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from orders.services.http import ServiceClient


@dataclass(frozen=True, slots=True)
class SentEmail:
    """An e-mail that the service has accepted."""

    email_id: str
    to: str
    template_id: str
    template_data: dict[str, Any]


class EmailClient(ServiceClient):
    """Send e-mails from templates, and search among those sent."""

    name: ClassVar[str] = "email"
    url_setting: ClassVar[str] = "EMAIL_API_URL"

    def send(self, to: str, template_id: str, template_data: dict[str, Any]) -> str:
        """Send one e-mail and return its id.

        The service knows no idempotency key: search first.
        """
        body = self.request(
            "POST",
            "/send",
            json={"to": to, "template_id": template_id, "template_data": template_data},
        )
        return str(body["email_id"])

    def search(self, email: str, template_id: str) -> list[SentEmail]:
        """Return what was sent to an address from a template."""
        found = self.request("GET", "/emails", params={"email": email, "template_id": template_id})
        return [
            SentEmail(
                sent["email_id"], sent["to"], sent["template_id"], sent.get("template_data") or {}
            )
            for sent in found
        ]

    def clear_emails(self) -> None:
        """Make the service forget every e-mail."""
        self.clear("/emails")
