"""The client of the payment service.

`cashier` charges with it, and the home page asks it how it is.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from orders.services.http import ServiceClient


@dataclass(frozen=True, slots=True)
class Charge:
    """The money was taken."""

    charge_id: str


@dataclass(frozen=True, slots=True)
class Decline:
    """The money was refused. Asking again will not help."""

    explanation: str


class PaymentsClient(ServiceClient):
    """Charge cards."""

    name: ClassVar[str] = "payments"
    url_setting: ClassVar[str] = "PAYMENTS_API_URL"

    def charge(
        self, customer_id: str, payment_method_id: str, amount_cents: int, metadata: dict[str, Any]
    ) -> Charge | Decline:
        """Charge a card.

        A key `idempotency_key` in the metadata makes a second call answer with the first charge.
        """
        body = self.request(
            "POST",
            "/charge",
            json={
                "customer_id": customer_id,
                "payment_method_id": payment_method_id,
                "amount_cents": amount_cents,
                "metadata": metadata,
            },
        )
        if body["status"] == "declined":
            return Decline(body["explanation"])
        return Charge(body["charge_id"])

    def clear_charges(self) -> None:
        """Make the service forget every charge."""
        self.clear("/charges")
