"""The fulfillment service: packs and ships, once per idempotency key."""

from django.http import HttpRequest, JsonResponse
from django.urls import path

from fake_services.body import is_blank
from fake_services.endpoint import Endpoint, Records, Status
from fake_services.models import FulfillmentRequest
from fake_services.service import Service


class RequestFulfillment(Endpoint):
    """Take on a request."""

    def put(self, request: HttpRequest, service: Service) -> JsonResponse:
        """Return the request accepted earlier with this key, or reject, or accept."""
        earlier = FulfillmentRequest.with_key_of(self.body)
        if earlier is None and is_blank(self.body.get("address")):
            return JsonResponse({"status": "rejected", "error": "Missing address"}, status=422)
        accepted = earlier or FulfillmentRequest.store_once(self.body)
        return JsonResponse({"status": "accepted", "request_id": accepted.external_id}, status=202)


class FulfillmentStatus(Status):
    """Tell the number of requests as well."""

    def get(self, request: HttpRequest, service: Service) -> JsonResponse:
        """Return the switches and the number of accepted requests."""
        num_requests = FulfillmentRequest.objects.count()
        return JsonResponse({**service.behavior().as_json(), "num_requests": num_requests})


FULFILLMENT = Service(
    slug="fulfillment",
    shop_name="order-fulfillment",
    title="Order Fulfillment",
    heading="Mock Fulfillment Service",
    company="Boxwood Freight",
    record=FulfillmentRequest,
    endpoints=(
        path("status", FulfillmentStatus.as_view()),
        path("request", RequestFulfillment.as_view()),
        path("requests", Records.as_view()),
    ),
)
