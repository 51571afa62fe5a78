"""A request to pack and ship, taken on by the fulfillment service.

The fulfillment endpoint stores them once per idempotency key; its status counts them.
"""

from typing import ClassVar

from fake_services.models.record import KeyedRecord


class FulfillmentRequest(KeyedRecord):
    """Keep an accepted request. A rejected one leaves no trace."""

    id_prefix: ClassVar = "fr_"
    columns: ClassVar = ("Customer Id", "Address", "Status", "Request Id", "Metadata")

    def cells(self) -> tuple[str, ...]:
        """Return the texts under `columns`."""
        return (
            self.text("customer_id"),
            self.text("address"),
            "accepted",
            self.external_id,
            self.text("metadata"),
        )
