"""An e-mail that the e-mail service was asked to send.

The e-mail endpoints store and search them; nothing is ever sent anywhere.
"""

from typing import ClassVar, Self

from django.db import models

from fake_services.body import Body, JsonValue, digest
from fake_services.models.record import Record


class Email(Record):
    """Keep an e-mail, to be found again by exactly its address and template."""

    id_prefix: ClassVar = "em_"
    columns: ClassVar = ("To", "Template Id", "Email Id", "Template Data")

    #: A digest of address and template, so that a search of any length uses one index.
    search_digest = models.CharField(max_length=64, db_index=True, editable=False)

    @classmethod
    def send(cls, request: Body) -> Self:
        """Store an e-mail. Nothing leaves this machine."""
        return cls.store(
            request, search_digest=_search_digest(request.get("to"), request.get("template_id"))
        )

    @classmethod
    def sent(cls, to: str, template_id: str) -> models.QuerySet[Self]:
        """Return the e-mails with exactly this address and template, oldest first."""
        return cls.everything().filter(search_digest=_search_digest(to, template_id)).order_by("pk")

    def as_json(self) -> Body:
        """Return the request as it came, with the id of the e-mail."""
        return {**self.request, "email_id": self.external_id}

    def cells(self) -> tuple[str, ...]:
        """Return the texts under `columns`."""
        return (
            self.text("to"),
            self.text("template_id"),
            self.external_id,
            self.text("template_data"),
        )


def _search_digest(to: JsonValue, template_id: JsonValue) -> str:
    return digest([to, template_id])
