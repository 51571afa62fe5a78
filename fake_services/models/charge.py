"""A charge of the payment service, made or declined.

The payment endpoint makes them and its page lists them; none is ever changed.
"""

from typing import ClassVar

from django.db import models

from fake_services.models.record import KeyedRecord


class Charge(KeyedRecord):
    """Keep a charge, made or declined.

    Only one that was made pins its idempotency key.
    """

    id_prefix: ClassVar = "ch_"
    columns: ClassVar = ("Customer Id", "Amount Cents", "Status", "Charge Id", "Metadata")

    #: The id of a declined charge is never given out.
    is_declined = models.BooleanField(default=False)

    def cells(self) -> tuple[str, ...]:
        """Return the texts under `columns`."""
        status, charge_id = ("declined", "") if self.is_declined else ("success", self.external_id)
        return (
            self.text("customer_id"),
            self.text("amount_cents"),
            status,
            charge_id,
            self.text("metadata"),
        )
