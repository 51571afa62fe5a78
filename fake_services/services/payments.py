"""The payment service: charges a customer, once per idempotency key. It has no search."""

from django.http import HttpRequest, JsonResponse
from django.urls import path

from fake_services.endpoint import Endpoint, Records, Status
from fake_services.models import Charge
from fake_services.service import Service

#: The one amount that no card has.
DECLINED_AMOUNT_CENTS = 9999


class MakeCharge(Endpoint):
    """Charge a customer."""

    def post(self, request: HttpRequest, service: Service) -> JsonResponse:
        """Return the charge made earlier with this key, or decline, or charge."""
        earlier = Charge.with_key_of(self.body)
        if earlier is None and self.body.get("amount_cents") == DECLINED_AMOUNT_CENTS:
            Charge.store(self.body, is_declined=True)
            return JsonResponse({"status": "declined", "explanation": "Insufficient funds"})
        charge = earlier or Charge.store_once(self.body)
        return JsonResponse({"status": "success", "charge_id": charge.external_id}, status=201)


PAYMENTS = Service(
    slug="payments",
    shop_name="payments",
    title="Payments",
    heading="Payments",
    company="Acorn Pay",
    record=Charge,
    endpoints=(
        path("status", Status.as_view()),
        path("charge", MakeCharge.as_view()),
        path("charges", Records.as_view()),
    ),
)
