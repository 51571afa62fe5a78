"""The client of the fulfillment service. `order_creator` has orders packed and sent with it."""

from typing import Any, ClassVar

from orders.services.http import ServiceClient


class FulfillmentClient(ServiceClient):
    """Ask for products to be sent to a customer."""

    name: ClassVar[str] = "order fulfillment"
    url_setting: ClassVar[str] = "FULFILLMENT_API_URL"

    def request_fulfillment(
        self,
        customer_id: int,
        address: str,
        product_id: int,
        quantity: int,
        metadata: dict[str, Any],
    ) -> str:
        """Ask for a delivery and return its id.

        An `idempotency_key` in the metadata keeps it at one delivery.
        """
        body = self.request(
            "PUT",
            "/request",
            json={
                "customer_id": customer_id,
                "address": address,
                "product_id": product_id,
                "quantity": quantity,
                "metadata": metadata,
            },
        )
        return str(body["request_id"])

    def clear_requests(self) -> None:
        """Make the service forget every request."""
        self.clear("/requests")
