"""One good request for each fake service.

So a test about all services is written once.
"""

from dataclasses import dataclass, field

from fake_services.models import Charge, Email, FulfillmentRequest, Notification, Post, Record


@dataclass(frozen=True)
class SampleRequest:
    """A request that leaves one record when nothing misbehaves."""

    slug: str
    method: str
    path: str
    status: int
    record: type[Record]
    body: dict = field(hash=False)

    def __str__(self) -> str:
        return self.slug


CHARGE = SampleRequest(
    "payments",
    "POST",
    "payments/charge",
    201,
    Charge,
    {
        "customer_id": "cust_0123456789abcdef",
        "payment_method_id": "pm_0123456789abcdef",
        "amount_cents": 12300,
        "metadata": {"order_id": 44},
    },
)
SEND_EMAIL = SampleRequest(
    "email",
    "POST",
    "email/send",
    202,
    Email,
    {
        "to": "pat@example.com",
        "template_id": "order-confirmation",
        "template_data": {"order_id": 44},
    },
)
REQUEST_FULFILLMENT = SampleRequest(
    "fulfillment",
    "PUT",
    "fulfillment/request",
    202,
    FulfillmentRequest,
    {
        "customer_id": 1,
        "address": "123 Main St",
        "product_id": 2,
        "quantity": 1,
        "metadata": {"order_id": 44},
    },
)
NOTIFY = SampleRequest(
    "error-catcher",
    "PUT",
    "error-catcher/notification",
    202,
    Notification,
    {"exception_class": "ValueError", "exception_message": "no such thing"},
)
PUBLISH = SampleRequest(
    "social",
    "POST",
    "social/posts",
    201,
    Post,
    {"author": "Riker", "text": "Shields up!", "metadata": {"run_id": "44"}},
)
SAMPLE_REQUESTS = (CHARGE, SEND_EMAIL, REQUEST_FULFILLMENT, NOTIFY, PUBLISH)
